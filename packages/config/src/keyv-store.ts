import { type BackendDefinition, ConfigurationError } from "@cascata/core";
import type { Definitions } from "./definitions.ts";
import type { KeyvStoreConfig } from "./known-backends.ts";
import { type Mistakes, pathOf } from "./mistakes.ts";
import { anyObject, object, text } from "./schema-parts.ts";

/** The package whose `store` may be named by data. */
export const keyvPackage = "@cascata/keyv";

export const storeSchema: ReturnType<typeof object<KeyvStoreConfig>> = object<KeyvStoreConfig>(
  { use: text("the package of a Keyv adapter") },
  { uri: text(), options: anyObject<Readonly<Record<string, unknown>>>("the adapter's options") },
);

type Adapter = new (...given: unknown[]) => object;

/** Whether a `store` says which adapter to make; a Keyv, an adapter or a `Map` is one itself. */
export function namesStore(store: unknown): store is KeyvStoreConfig {
  return (
    typeof store === "object" && store !== null && Object.getPrototypeOf(store) === Object.prototype && "use" in store
  );
}

/**
 * The Keyv backend with an adapter that is made together with it, and disconnected with it: nobody else has it.
 * Nothing, if something is wrong with `store`.
 */
export async function withNamedStore(
  definition: BackendDefinition,
  store: KeyvStoreConfig,
  path: string,
  definitions: Definitions,
  mistakes: Mistakes,
): Promise<BackendDefinition | undefined> {
  const at = pathOf(path, ["store"]);
  if (!mistakes.check(storeSchema, store, at)) return undefined;
  const found = await definitions.member(store.use);
  if ("mistake" in found) {
    mistakes.add({ ...found.mistake, path: `${at}.use` });
    return undefined;
  }
  const Adapter = found.definition as Adapter;
  if (typeof Adapter !== "function") {
    mistakes.add({
      path: `${at}.use`,
      expected: "a module whose default export is a Keyv adapter",
      received: store.use,
    });
    return undefined;
  }
  const { uri, options } = store;
  const given = [uri, options].filter((one) => one !== undefined);
  return {
    options: definition.options,
    // Any store will do to look at the other options.
    check: ({ closeStore: _close, ...own }) => definition.check?.({ ...own, store: new Map() }),
    create: (own) => {
      const adapter = make(Adapter, given);
      const closes = typeof (adapter as { disconnect?: unknown }).disconnect === "function";
      return definition.create({ closeStore: closes, ...own, store: adapter });
    },
    identity: () => JSON.stringify([store.use, uri, options]),
  };
}

function make(Adapter: Adapter, given: readonly unknown[]): object {
  try {
    return new Adapter(...given);
  } catch (error) {
    const hint = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError({
      path: "store",
      expected: "an adapter that can be made",
      received: "a failure",
      hint,
    });
  }
}
