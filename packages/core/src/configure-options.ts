import type { BackendRegistry } from "./backend-registry.ts";
import type { Duration } from "./duration.ts";
import { ConfigurationError } from "./errors.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { checkOptionNames } from "./options.ts";
import type { ProxyFactory } from "./proxy-factory.ts";

/** What a region is given together with its backend. */
export interface ConfigureOptions {
  /** Proxies around the backend, outermost first. */
  readonly wrap?: readonly ProxyFactory[];
  /** Take this backend's place if there is one already. @default false */
  readonly replaceExistingBackend?: boolean;
  readonly ttl?: Duration;
  readonly grace?: Duration;
  /** Decides what `invalidate` covers. It stays when the backend is replaced. @default marks */
  readonly regionInvalidator?: RegionInvalidationStrategy;
}

/** How a backend is found and made by its name. */
export interface ConfigureByNameOptions extends ConfigureOptions {
  /** What the backend is made with. Never modified. @default {} */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Where the name is looked up. @default defaultBackends */
  readonly backends?: BackendRegistry;
}

export const configureNames: readonly string[] = [
  "wrap",
  "replaceExistingBackend",
  "ttl",
  "grace",
  "regionInvalidator",
];
export const configureByNameNames: readonly string[] = [...configureNames, "arguments", "backends"];

/** @throws ConfigurationError naming what nobody reads, or what is of the wrong kind */
export function checkConfigureOptions(options: ConfigureOptions, names: readonly string[]): void {
  checkOptionNames(options, names, "configure");
  const { wrap, regionInvalidator } = options;
  if (wrap !== undefined && !Array.isArray(wrap))
    throw new ConfigurationError({ path: "region.wrap", expected: "a list of proxies", received: wrap });
  const isStrategy =
    typeof regionInvalidator?.invalidate === "function" && typeof regionInvalidator.verdicts === "function";
  if (regionInvalidator !== undefined && !isStrategy) {
    const expected = "a strategy with invalidate and verdicts";
    throw new ConfigurationError({ path: "region.regionInvalidator", expected, received: regionInvalidator });
  }
}
