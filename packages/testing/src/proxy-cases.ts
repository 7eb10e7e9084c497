import { backendCases } from "./backend-cases.ts";
import type { ConformanceCase } from "./conformance.ts";
import { feedCases } from "./feed-cases.ts";
import { guardCases } from "./guard-cases.ts";
import type { BackendHarness } from "./harness.ts";
import { leaseCases } from "./lease-cases.ts";
import { asyncMapHarness, mapHarness, referenceHarness, type Wrap } from "./map-harness.ts";
import { markCases } from "./mark-cases.ts";
import { type ProxyHarness, proxyOwnCases } from "./proxy-own-cases.ts";
import { revisionCases } from "./revision-cases.ts";

/**
 * What every proxy promises: whatever it is put around keeps each of its own promises. Runs the whole backend kit through
 * the proxy around a synchronous and an asynchronous backend, the kits of all capabilities around the reference
 * authority, and what is a proxy's own. Names begin with `map: `, `async: `, `authority: ` and `proxy: `.
 */
export const proxyCases: readonly ConformanceCase<ProxyHarness>[] = [
  ...around("map", backendCases, mapHarness),
  ...around("async", backendCases, asyncMapHarness),
  ...around(
    "authority",
    [...backendCases, ...leaseCases, ...revisionCases, ...guardCases, ...markCases, ...feedCases],
    referenceHarness,
  ),
  ...proxyOwnCases,
];

function around(
  prefix: string,
  cases: readonly ConformanceCase<BackendHarness>[],
  harnessOf: (wrap: Wrap) => BackendHarness,
): readonly ConformanceCase<ProxyHarness>[] {
  const given = harnessOf((backend) => backend);
  return cases
    .filter((one) => (one.needs ?? []).every((need) => given[need] !== undefined))
    .map((one) => ({
      name: `${prefix}: ${one.name}`,
      run: (harness) => one.run(harnessOf((backend, clock) => harness.wrap(backend, clock))),
    }));
}
