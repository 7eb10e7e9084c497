import type { LmdbBackendOptions } from "./options.ts";

/**
 * The options among the entries of a flat configuration, those whose name starts with `prefix`. A text that is a number
 * becomes one; everything else is left to the check of the options.
 */
export function optionsFrom(config: Readonly<Record<string, unknown>>, prefix: string): LmdbBackendOptions {
  const options = Object.entries(config)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), name.endsWith("path") ? value : asNumber(value)]);
  return Object.fromEntries(options) as LmdbBackendOptions;
}

function asNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
