import type { ProxyFactory } from "@cascata/core";
import { isForeignModule } from "./foreign-module.ts";
import { hintFor, type Mistakes } from "./mistakes.ts";
import { checkBus } from "./named-bus.ts";
import { proxySchemas } from "./proxy-schemas.ts";

/** One proxy of a `wrap`: to be made by name, or a factory that was given. */
export type WrapPlan =
  | { readonly path: string; readonly use: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly path: string; readonly factory: ProxyFactory };

const names: readonly string[] = Object.keys(proxySchemas);
/** The proxy whose `bus` may be named by data. */
export const publisher: keyof typeof proxySchemas = "publish";

/** Reads a `wrap`: names, names with options, factories. */
export function planWrap(wrap: unknown, path: string, mistakes: Mistakes): readonly WrapPlan[] {
  if (wrap === undefined) return [];
  if (!Array.isArray(wrap)) {
    mistakes.add({ path, expected: "a list of proxies, outermost first", received: wrap });
    return [];
  }
  return wrap.flatMap((entry: unknown, index) => planProxy(entry, `${path}[${index}]`, mistakes) ?? []);
}

function planProxy(entry: unknown, path: string, mistakes: Mistakes): WrapPlan | undefined {
  if (typeof entry === "function") return { path, factory: entry as ProxyFactory };
  const named = typeof entry === "string" ? { use: entry } : entry;
  if (typeof named !== "object" || named === null || Array.isArray(named) || !Object.hasOwn(named, "use")) {
    mistakes.add({ path, expected: 'the name of a proxy, or { use: "…", …options }', received: entry });
    return undefined;
  }
  const { use, ...options } = named as { readonly use: unknown };
  if (typeof use !== "string" || (!isForeignModule(use) && !Object.hasOwn(proxySchemas, use))) {
    const expected = `one of ${names.join(", ")}, or a module`;
    const at = typeof entry === "string" ? path : `${path}.use`;
    mistakes.add({ path: at, expected, received: use, ...hintFor(String(use), names) });
    return undefined;
  }
  const schema = isForeignModule(use) ? undefined : proxySchemas[use as keyof typeof proxySchemas];
  if (schema !== undefined) mistakes.check(schema, options, path);
  if (use === publisher) checkBus((options as { readonly bus?: unknown }).bus, `${path}.bus`, mistakes);
  return { path, use, options };
}
