import { ConfigurationError, type Mistake } from "./errors.ts";

/**
 * Refuses options that nobody reads: a mistyped one would be ignored in silence otherwise.
 * @throws ConfigurationError naming each unknown option, with the nearest known spelling
 */
export function checkOptionNames(options: unknown, known: readonly string[], path: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ConfigurationError({ path, expected: "an object of options", received: options });
  }
  const mistakes = Object.entries(options)
    .filter(([name]) => !known.includes(name))
    .map(([name, received]) => unknownName(`${path}.${name}`, name, known, received));
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
}

/** What to say of a name that is none of `known`. */
export function unknownName(path: string, name: string, known: readonly string[], received: unknown): Mistake {
  const near = nearest(name, known);
  const expected = known.length === 0 ? "no option" : `one of ${known.join(", ")}`;
  return { path, expected, received, ...(near !== undefined && { hint: `did you mean "${near}"?` }) };
}

/** The candidate that is spelt most like `name`, if one is close enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = edits(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Insertions, deletions and replacements from `a` to `b` (Levenshtein). */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * A whole number from `least` on, `Infinity` included.
 * @throws ConfigurationError naming `path`
 */
export function wholeNumber(value: unknown, path: string, least = 1): number {
  const whole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (typeof value === "number" && whole && value >= least) return value;
  throw new ConfigurationError({ path, expected: `a whole number from ${least} on`, received: value });
}

/** What an option may be: the words for it in a refusal, and the test. */
export interface Kind {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

export const aFlag: Kind = { expected: "true or false", accepts: (value) => typeof value === "boolean" };
export const aFunction: Kind = { expected: "a function", accepts: (value) => typeof value === "function" };
export const aText: Kind = {
  expected: "a text that is not empty",
  accepts: (value) => typeof value === "string" && value !== "",
};

/** An object with these methods. */
export function anObjectWith(expected: string, ...methods: readonly string[]): Kind {
  const has = (thing: object, name: string) => typeof Reflect.get(thing, name) === "function";
  return {
    expected,
    accepts: (value) => typeof value === "object" && value !== null && methods.every((name) => has(value, name)),
  };
}

export const aClock: Kind = anObjectWith("a Clock", "now", "coarse", "schedule");

/** The options among `kinds` that are given and of another kind. `undefined` is not given; `null` is. */
export function wrongKinds(options: object, kinds: Readonly<Record<string, Kind>>, path: string): readonly Mistake[] {
  return Object.entries(options).flatMap(([name, received]) => {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined || received === undefined || kind.accepts(received)) return [];
    return [{ path: `${path}.${name}`, expected: kind.expected, received: received as unknown }];
  });
}
