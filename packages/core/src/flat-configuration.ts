import { coerceStringConf } from "./coerce-string-conf.ts";
import type { Duration } from "./duration.ts";
import { ConfigurationError, type Mistake } from "./errors.ts";
import { unknownName } from "./options.ts";

/** What a flat configuration says of a region. */
export interface FlatConfiguration {
  readonly backend: string;
  readonly argumentsPrefix: string;
  /** For `configure`. */
  readonly options: Record<string, unknown>;
}

const names: Readonly<Record<string, string>> = {
  ttl: "ttl",
  grace: "grace",
  wrap: "wrap",
  replaceExistingBackend: "replaceExistingBackend",
  replace_existing_backend: "replaceExistingBackend",
  regionInvalidator: "regionInvalidator",
  region_invalidator: "regionInvalidator",
  expirationTime: "ttl",
  expiration_time: "ttl",
};

/**
 * dogpile's flat form, `{ "cache.users.backend": "redis", "cache.users.ttl": "5m", "cache.users.arguments.url": … }`: the entries
 * whose key starts with `prefix`, texts taken for what they mean. `ttl` and `expirationTime` are durations as everywhere;
 * `expiration_time` is dogpile's, in seconds. `None`, and -1 for the latter, are for ever.
 * @throws ConfigurationError naming every entry that is missing or that nobody knows
 */
export function flatConfiguration(config: Readonly<Record<string, unknown>>, prefix: string): FlatConfiguration {
  const argumentsPrefix = `${prefix}arguments.`;
  const mistakes: Mistake[] = [];
  const options: Record<string, unknown> = {};
  const backend = coerceStringConf(config[`${prefix}backend`]);
  if (typeof backend !== "string" || backend === "")
    mistakes.push({ path: `${prefix}backend`, expected: "the name of a backend", received: backend });
  for (const [path, given] of Object.entries(config)) {
    const name = path.slice(prefix.length);
    if (!path.startsWith(prefix) || path.startsWith(argumentsPrefix) || name === "backend") continue;
    const option = Object.hasOwn(names, name) ? names[name] : undefined;
    const value = coerceStringConf(given);
    if (option === undefined)
      mistakes.push(unknownName(path, name, ["backend", ...Object.keys(names), "arguments.…"], given));
    else if (options[option] !== undefined)
      mistakes.push({ path, expected: `one spelling of ${option}`, received: given, hint: "it is there twice" });
    else options[option] = name === "expiration_time" ? seconds(value) : ofTime(option, value);
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return { backend: backend as string, argumentsPrefix, options };
}

function ofTime(option: string, value: unknown): unknown {
  return (option === "ttl" || option === "grace") && value === null ? Number.POSITIVE_INFINITY : value;
}

function seconds(value: unknown): Duration {
  if (value === null || value === -1) return Number.POSITIVE_INFINITY;
  // What is no number of seconds is for `configure` to refuse.
  return typeof value === "number" ? value * 1000 : (value as Duration);
}
