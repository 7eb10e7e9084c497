import {
  applyProxy,
  type CacheBackend,
  type Clock,
  createRegion,
  type ProxyFactory,
  protect,
  ReadThroughProxy,
  type Region,
  stackWith,
  type Tier,
} from "@cascata/core";
import type { Mistakes } from "./mistakes.ts";
import { ms, type TierPlan } from "./plan-regions.ts";
import { type ReadyBackend, type ReadyRegion, rerooted } from "./prepare.ts";
import { ResidenceProxy } from "./residence-proxy.ts";

/** A backend as the regions see it, and what has to be closed of it. */
export interface MadeBackend {
  readonly backend: CacheBackend;
  /** Absent: it belongs to somebody else. */
  readonly owned: CacheBackend | undefined;
}

/** Proxies that are a deadline, a breaker or a cap themselves. */
const protectors: ReadonlySet<string> = new Set(["timeout", "circuitBreaker", "limitInFlight"]);

/** Makes a backend with its proxies and its protection. */
export function makeBackend(
  ready: ReadyBackend,
  clock: Clock | undefined,
  mistakes: Mistakes,
): MadeBackend | undefined {
  const { plan, definition, options } = ready;
  const inner =
    plan.live ??
    mistakes.collect(plan.path, () => definition?.create(options), rerooted(plan, definition?.options ?? []));
  if (inner === undefined) return undefined;
  if (!inner.remote) refuseProtection(ready, mistakes);
  const backend = mistakes.collect(`${plan.path}.wrap`, () => wrapped(ready, inner, clock)) ?? inner;
  // With its proxies: some of them have something to end, too.
  return { backend, owned: plan.live === undefined ? backend : undefined };
}

/** A backend of this process or machine has none: what is said of it would be ignored. */
function refuseProtection({ plan, definition }: ReadyBackend, mistakes: Mistakes): void {
  for (const [option, received] of Object.entries(plan.protection)) {
    if (option === "timeout" && definition?.options.includes("deadline")) continue;
    const expected = "no such option for a backend that is not remote";
    mistakes.add({ path: `${plan.path}.${option}`, expected, received });
  }
}

/**
 * The proxies, outermost first, and the protection: around the outermost deadline or breaker that `wrap` brings, so that
 * the two don't hide failures from each other; else around the store alone, so that compressing is not on its time, and
 * what repeats or remembers failed calls sees those that the circuit has refused. Of a factory nobody knows what it makes.
 */
function wrapped({ plan, wrap }: ReadyBackend, inner: CacheBackend, clock: Clock | undefined): CacheBackend {
  const first = plan.wrap.findIndex((entry) => "factory" in entry || protectors.has(entry.use));
  const guardAt = first < 0 ? wrap.length : first;
  const guard = (backend: CacheBackend) => protect(backend, { ...plan.protection, ...(clock && { clock }) });
  let backend = guardAt === wrap.length ? guard(inner) : inner;
  for (let index = wrap.length - 1; index >= 0; index--) {
    backend = applyProxy(wrap[index] as ProxyFactory, backend, `${plan.path}.wrap[${index}]`);
    if (index === guardAt) backend = guard(backend);
  }
  return backend;
}

/** Makes a region over its tiers. */
export function makeRegion(ready: ReadyRegion, backends: ReadonlyMap<string, CacheBackend>): Region {
  const { plan, wrap } = ready;
  const { clock } = plan.options;
  const tiers = plan.tiers.map((tier, index) => tierOf(tier, backends, index === plan.tiers.length - 1));
  const backend = stackWith(
    {
      protection: false,
      ...(clock && { clock }),
      ...(plan.maxStaleness !== undefined && { maxStaleness: plan.maxStaleness }),
    },
    ...tiers,
  );
  const region = createRegion({ ...plan.options, backend, wrap });
  // The region listens through a chain of its own scope; this one would go on listening for nobody.
  if (backend instanceof ReadThroughProxy) backend.detach();
  return region;
}

function tierOf(
  { backend: name, ttl, batch }: TierPlan,
  backends: ReadonlyMap<string, CacheBackend>,
  farthest: boolean,
): Tier {
  const backend = backends.get(name) as CacheBackend;
  if (ttl === undefined) return { backend, batch };
  return farthest ? { backend: new ResidenceProxy(backend, ms(ttl)), batch } : { backend, ttl, batch };
}
