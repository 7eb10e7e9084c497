/** One entry of a stream that carries texts. */
export interface StreamText {
  readonly id: string;
  /** Absent in an entry that somebody else has written. */
  readonly text?: string;
}

/** The entries in a reply of `XREAD`, of both protocols. */
export function entriesOf(reply: unknown): readonly (readonly [unknown, readonly unknown[]])[] {
  if (typeof reply !== "object" || reply === null) return [];
  const entries: unknown = Array.isArray(reply) ? reply[0]?.[1] : Object.values(reply)[0];
  return Array.isArray(entries) ? entries : [];
}

/** The texts in a reply of `XREAD`: each entry's field `m`. */
export function textsOf(reply: unknown): readonly StreamText[] {
  return entriesOf(reply).map(([id, pairs]) => {
    const at = pairs.findIndex((name, index) => index % 2 === 0 && String(name) === "m");
    return at < 0 ? { id: String(id) } : { id: String(id), text: String(pairs[at + 1]) };
  });
}

/** The text of a field; '' where there is none. There are few, so looking is cheaper than a Map of them. */
export function fieldOf(pairs: readonly unknown[], name: string): string {
  for (let index = 0; index + 1 < pairs.length; index += 2) {
    if (String(pairs[index]) === name) return String(pairs[index + 1]);
  }
  return "";
}

/** The id of the first entry in a reply of `XRANGE` or `XREVRANGE`; the one before all ids where there is none. */
export function firstIdOf(reply: unknown): string {
  const [entry] = Array.isArray(reply) ? (reply as readonly unknown[]) : [];
  return Array.isArray(entry) ? String(entry[0]) : "0-0";
}

/** Whether an id comes after another one. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, number = 0] = id.split("-").map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split("-").map(Number);
  return ms > otherMs || (ms === otherMs && number > otherNumber);
}
