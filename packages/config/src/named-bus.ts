import type { Bus } from "@cascata/core";
import { busSchemas } from "./bus-schemas.ts";
import type { Definitions } from "./definitions.ts";
import { isForeignModule } from "./foreign-module.ts";
import { hintFor, type Mistakes } from "./mistakes.ts";

const names: readonly string[] = Object.keys(busSchemas);

interface Named {
  readonly use: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Whether a bus was given, and not one named. */
function isBus(bus: unknown): bus is Bus {
  return typeof (bus as Partial<Bus> | null | undefined)?.join === "function";
}

/** Checks the `bus` of a proxy that publishes, without loading anything. */
export function checkBus(bus: unknown, path: string, mistakes: Mistakes): void {
  const named = isBus(bus) ? undefined : namedIn(bus);
  if (named === undefined) return;
  const { use, options } = named;
  if (isForeignModule(use)) return;
  if (Object.hasOwn(busSchemas, use)) mistakes.check(busSchemas[use as keyof typeof busSchemas], options, path);
  else {
    const at = typeof bus === "string" ? path : `${path}.use`;
    const expected = `one of ${names.join(", ")}, or a module`;
    mistakes.add({ path: at, expected, received: use, ...hintFor(use, names) });
  }
}

/** The bus itself: as it was given, or made by the package that it names. Nothing, if something is wrong with it. */
export async function busOf(
  bus: unknown,
  path: string,
  definitions: Definitions,
  mistakes: Mistakes,
): Promise<Bus | undefined> {
  if (isBus(bus)) return bus;
  const named = namedIn(bus);
  if (named === undefined || (!isForeignModule(named.use) && !names.includes(named.use))) return undefined;
  const found = await definitions.bus(named.use);
  if ("definition" in found) return mistakes.collect(path, () => found.definition.create(named.options, path));
  mistakes.add({ ...found.mistake, path: typeof bus === "string" ? path : `${path}.use` });
  return undefined;
}

function namedIn(bus: unknown): Named | undefined {
  if (typeof bus === "string") return { use: bus, options: {} };
  if (typeof bus !== "object" || bus === null) return undefined;
  const { use, ...options } = bus as { readonly use?: unknown };
  return typeof use === "string" ? { use, options } : undefined;
}
