const numeric = new Set(["maxEntries"]);

/**
 * The options that `config` holds under `prefix`, dogpile's flat form: `{ "cache.local.maxEntries": "1000" }`. A number given
 * as text, as files and environments do, becomes one.
 */
export function optionsUnder(config: Readonly<Record<string, unknown>>, prefix: string): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(config)) {
    if (!path.startsWith(prefix)) continue;
    const name = path.slice(prefix.length);
    options[name] = numeric.has(name) && typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  }
  return options;
}
