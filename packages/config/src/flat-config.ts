import { isDeepStrictEqual } from "node:util";
import { nearest } from "@cascata/core";
import { camelCase, coerced } from "./coerce.ts";
import { dogpileNames, translate, useOf } from "./dogpile-backends.ts";
import { hintFor, type Mistakes } from "./mistakes.ts";
import { settingNames } from "./region-schema.ts";

/** A configuration in dogpile's form: dotted names, values that may all be texts. */
export type FlatConfig = Readonly<Record<string, unknown>>;

/** The same as a nested configuration, and where its parts stood. */
export interface Unfolded {
  readonly config: { readonly backends: Record<string, object>; readonly regions: Record<string, object> };
  /** The flat name of what stands at a path of the nested form. */
  at(path: string): string;
}

const argumentsPart = "arguments.";
const own = ["backend", "expiration_time", "wrap", "replace_existing_backend", "ttl", ...settingNames];

/** The regions of a flat configuration: `<prefix><region>.backend` and so on. Equal backends become one. */
export function unfold(flat: FlatConfig, prefix: string, mistakes: Mistakes): Unfolded {
  const groups = new Map<string, Record<string, unknown>>();
  for (const [name, value] of Object.entries(flat)) {
    if (!name.startsWith(prefix)) continue;
    const [region = "", ...rest] = name.slice(prefix.length).split(".");
    // As a name of a property it would vanish in silence.
    if (rest.length === 0 || name.includes("__proto__")) {
      const expected = `${prefix}<region>.<setting>`;
      mistakes.add({ path: name, expected, received: value });
      continue;
    }
    const group = groups.get(region) ?? {};
    group[rest.join(".")] = value;
    groups.set(region, group);
  }
  if (groups.size === 0)
    mistakes.add({ path: `${prefix}…`, expected: "regions below this prefix", received: undefined });
  const backends: Record<string, object> = {};
  const regions: Record<string, object> = {};
  const places = new Map<string, string>();
  for (const [region, group] of groups) {
    const found = unfoldRegion(group, `${prefix}${region}.`, mistakes);
    if (found === undefined) continue;
    const same = Object.entries(backends).find(([, other]) => isDeepStrictEqual(other, found.backend))?.[0];
    const backend = same ?? region;
    backends[backend] = found.backend;
    regions[region] = { ...found.settings, tiers: [backend] };
    for (const [path, name] of found.places)
      places.set(path.replace("{backend}", backend).replace("{region}", region), name);
  }
  return { config: { backends, regions }, at: (path) => nearestPlace(places, path) };
}

interface UnfoldedRegion {
  readonly backend: object;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Path in the nested form, with `{backend}` and `{region}` for the names → flat name. */
  readonly places: ReadonlyMap<string, string>;
}

function unfoldRegion(
  group: Readonly<Record<string, unknown>>,
  prefix: string,
  mistakes: Mistakes,
): UnfoldedRegion | undefined {
  const name = coerced(group["backend"]);
  if (typeof name !== "string" || name === "") {
    const expected = `the name of a backend: ${dogpileNames.join(", ")}, or a package`;
    const mistyped = Object.keys(group).find((key) => nearest(key, ["backend"]) !== undefined && key !== "backend");
    const hint = mistyped === undefined ? {} : { hint: `did you mean "backend" where it says "${mistyped}"?` };
    mistakes.add({ path: `${prefix}backend`, expected, received: group["backend"], ...hint });
    return undefined;
  }
  const given: Record<string, unknown> = {};
  const settings: Record<string, unknown> = {};
  const places = new Map([
    ["backends.{backend}", `${prefix}arguments`],
    ["backends.{backend}.use", `${prefix}backend`],
    ["regions.{region}", prefix.slice(0, -1)],
    ["regions.{region}.ttl", `${prefix}expiration_time`],
  ]);
  for (const [key, value] of Object.entries(group)) {
    if (key.startsWith(argumentsPart)) given[key.slice(argumentsPart.length)] = value;
    else if (own.includes(key) || own.includes(camelCase(key))) setting(key, value, settings, prefix, mistakes);
    else {
      const expected = `one of ${own.join(", ")}, or arguments.<name>`;
      mistakes.add({ path: prefix + key, expected, received: value, ...hintFor(key, own) });
    }
    places.set(`regions.{region}.${camelCase(key)}`, prefix + key);
  }
  const { options, origins, keepSeconds } = translate(name, given);
  for (const [option, argument] of Object.entries(origins)) {
    places.set(`backends.{backend}.${option}`, `${prefix}${argumentsPart}${argument}`);
  }
  return {
    backend: { use: useOf(name), ...options },
    settings: { ...life(settings, keepSeconds), ...settings },
    places,
  };
}

function setting(
  key: string,
  text: unknown,
  settings: Record<string, unknown>,
  prefix: string,
  mistakes: Mistakes,
): void {
  const value = coerced(text);
  if (key === "backend" || (key === "expiration_time" && (value === null || value === -1))) return;
  if (key === "replace_existing_backend") {
    if (typeof value !== "boolean") mistakes.add({ path: prefix + key, expected: "true or false", received: text });
  } else if (key === "expiration_time") {
    if (typeof value === "number" && value >= 0) settings["ttl"] = value * 1000;
    else mistakes.add({ path: prefix + key, expected: "seconds, or -1 for ever", received: text });
  } else if (key === "wrap" && typeof value === "string") {
    settings["wrap"] = value.split(",").map((one) => one.trim());
  } else settings[camelCase(key)] = value;
}

/**
 * dogpile's `expiration_time` says when a value is regenerated; while one caller does, the others get the old one however
 * old it is, as long as the store has it: a grace without end, or up to where the store lets go of it.
 */
function life(settings: Readonly<Record<string, unknown>>, keepSeconds: number | undefined): object {
  const { ttl } = settings;
  const keepMs = keepSeconds === undefined ? Number.POSITIVE_INFINITY : keepSeconds * 1000;
  if (typeof ttl === "number") return { grace: Math.max(0, keepMs - ttl) };
  return keepSeconds === undefined ? {} : { ttl: keepMs };
}

/** The longest known beginning of `path`, and what follows it there. */
function nearestPlace(places: ReadonlyMap<string, string>, path: string): string {
  for (let end = path.length; end > 0; end = Math.max(path.lastIndexOf(".", end - 1), path.lastIndexOf("[", end - 1))) {
    const name = places.get(path.slice(0, end));
    if (name !== undefined) return name + path.slice(end);
  }
  return path;
}
