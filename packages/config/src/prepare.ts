import type { BackendDefinition, Clock, ProxyFactory } from "@cascata/core";
import { backendSchemas } from "./backend-schemas.ts";
import { anyName, type Definitions } from "./definitions.ts";
import { keyvPackage, namesStore, withNamedStore } from "./keyv-store.ts";
import { hintFor, type Mistakes, pathOf } from "./mistakes.ts";
import { busOf } from "./named-bus.ts";
import { type BackendPlan, checkNames, planBackends } from "./plan-backends.ts";
import { planRegions, type RegionPlan } from "./plan-regions.ts";
import { publisher, type WrapPlan } from "./plan-wrap.ts";

/** A backend with everything at hand that makes it. */
export interface ReadyBackend {
  readonly plan: BackendPlan;
  /** Absent: the backend itself was given. */
  readonly definition: BackendDefinition | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly wrap: readonly ProxyFactory[];
}

export interface ReadyRegion {
  readonly plan: RegionPlan;
  readonly wrap: readonly ProxyFactory[];
}

export interface Prepared {
  readonly backends: readonly ReadyBackend[];
  readonly regions: readonly ReadyRegion[];
  /** The clock that all regions have by default: the backends' protection takes it too. */
  readonly clock: Clock | undefined;
}

const topLevel = ["$schema", "backends", "regions", "defaults"];

/** Names that a package of ours may be mistyped for. */
export const knownPackages: readonly string[] = Object.keys(backendSchemas);

/** Reads and checks all of a configuration and imports what it names; nothing is opened or made yet. */
export async function prepare(config: unknown, definitions: Definitions, mistakes: Mistakes): Promise<Prepared> {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    mistakes.add({ path: "config", expected: "an object with backends and regions", received: config });
    return { backends: [], regions: [], clock: undefined };
  }
  const { backends, regions, defaults } = config as Readonly<Record<string, unknown>>;
  for (const [name, received] of Object.entries(config)) {
    if (topLevel.includes(name)) continue;
    mistakes.add({ path: name, expected: `one of ${topLevel.join(", ")}`, received, ...hintFor(name, topLevel) });
  }
  const backendPlans = planBackends(backends, mistakes);
  const names = typeof backends === "object" && backends !== null ? Object.keys(backends) : [];
  const regionPlans = planRegions(regions, defaults, names, mistakes);
  const ready = {
    clock: (defaults as { readonly clock?: Clock } | undefined)?.clock,
    backends: await Promise.all(backendPlans.map((plan) => readyBackend(plan, definitions, mistakes))),
    regions: await Promise.all(
      regionPlans.map(async (plan) => ({ plan, wrap: await factories(plan.wrap, definitions, mistakes) })),
    ),
  };
  refuseSharedStores(ready.backends, mistakes);
  return ready;
}

async function readyBackend(plan: BackendPlan, definitions: Definitions, mistakes: Mistakes): Promise<ReadyBackend> {
  const wrap = await factories(plan.wrap, definitions, mistakes);
  if (plan.use === undefined) return { plan, definition: undefined, options: {}, wrap };
  const found = await definitions.backend(plan.use);
  if ("mistake" in found) {
    mistakes.add({ ...found.mistake, path: `${plan.path}.use` });
    return { plan, definition: undefined, options: {}, wrap };
  }
  checkNames(plan, found.definition.options, mistakes);
  const { store } = plan.options;
  const definition =
    plan.use === keyvPackage && namesStore(store)
      ? await withNamedStore(found.definition, store, plan.path, definitions, mistakes)
      : found.definition;
  if (definition === undefined) return { plan, definition, options: {}, wrap };
  const options = optionsFor(plan, definition.options);
  mistakes.collect(plan.path, () => definition.check?.(options), rerooted(plan, definition.options));
  return { plan, definition, options, wrap };
}

/** The backend is named after its place in the configuration, and its own deadline is the one that was given for it. */
function optionsFor({ name, protection, options }: BackendPlan, known: readonly string[]): ReadyBackend["options"] {
  const { timeout } = protection;
  return {
    ...(known.includes("name") && { name }),
    ...(known.includes("deadline") && timeout !== undefined && { deadline: timeout }),
    // Unknown ones were refused by name already: here they would only hide what else is wrong.
    ...Object.fromEntries(Object.entries(options).filter(([option]) => known === anyName || known.includes(option))),
  };
}

/** A backend says "maxSize", "options.maxSize" or "redis.maxSize": all of them are below the backend's own path here. */
export function rerooted(plan: BackendPlan, options: readonly string[]): (path: string) => string {
  return (path) => {
    const [first = "", ...others] = path.split(".");
    const own = options.includes(first.replace(/\[.*$/, "")) ? path : others.join(".");
    // The deadline that was given as the backend's timeout.
    const said = own === "deadline" && plan.options["deadline"] === undefined ? "timeout" : own;
    return said === "" ? plan.path : `${plan.path}.${said}`;
  };
}

async function factories(
  wrap: readonly WrapPlan[],
  definitions: Definitions,
  mistakes: Mistakes,
): Promise<readonly ProxyFactory[]> {
  const made = await Promise.all(wrap.map((entry) => factory(entry, definitions, mistakes)));
  return made.filter((one) => one !== undefined);
}

async function factory(
  entry: WrapPlan,
  definitions: Definitions,
  mistakes: Mistakes,
): Promise<ProxyFactory | undefined> {
  if ("factory" in entry) return entry.factory;
  const found = await definitions.proxy(entry.use);
  if ("mistake" in found) {
    mistakes.add({ ...found.mistake, path: `${entry.path}.use` });
    return undefined;
  }
  if (entry.use === publisher) {
    const bus = await busOf(entry.options["bus"], `${entry.path}.bus`, definitions, mistakes);
    if (bus === undefined) return undefined;
    return mistakes.collect(entry.path, () => found.definition.create({ ...entry.options, bus }, entry.path));
  }
  const { useKey, ...options } = entry.options;
  const given = entry.use === "encrypt" && useKey !== undefined ? { ...options, use: useKey } : entry.options;
  return mistakes.collect(
    entry.path,
    () => found.definition.create(given, entry.path),
    (path) => (entry.use === "encrypt" && path === `${entry.path}.use` ? `${entry.path}.useKey` : path),
  );
}

/** Two backends on one store would count each other's entries as their own. */
function refuseSharedStores(backends: readonly ReadyBackend[], mistakes: Mistakes): void {
  const owners = new Map<string, string>();
  for (const { plan, definition, options } of backends) {
    const identity = mistakes.collect(plan.path, () => definition?.identity?.(options));
    if (identity === undefined) continue;
    const store = `${plan.use}\n${identity}`;
    const owner = owners.get(store);
    if (owner === undefined) owners.set(store, plan.name);
    else {
      const hint = `"${owner}" has it already; name one backend in several regions instead`;
      mistakes.add({ path: pathOf("backends", [plan.name]), expected: "a store of its own", received: identity, hint });
    }
  }
}
