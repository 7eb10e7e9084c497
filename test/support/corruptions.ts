/** One way in which stored bytes go wrong. It never changes the bytes it is given. */
export interface Corruption {
  readonly name: string;
  /** `other` are the bytes of another key's entry. */
  readonly apply: (bytes: Uint8Array, other: Uint8Array) => Uint8Array;
}

const encoder = new TextEncoder();
/** Where the metadata begins: before it stand the epoch and number that a store writes itself. */
const headBytes = 39;

/** Twelve ways in which stored bytes go wrong. Every reader must call each of them unreadable: a miss, not a value. */
export const corruptions: readonly Corruption[] = [
  { name: "emptied", apply: () => new Uint8Array(0) },
  { name: "cut within the head", apply: (bytes) => part(bytes, 0, 20) },
  { name: "cut within the metadata", apply: (bytes) => part(bytes, 0, headBytes + 40) },
  { name: "cut by one byte", apply: (bytes) => part(bytes, 0, bytes.length - 1) },
  { name: "lengthened by one byte", apply: (bytes) => joined(bytes, encoder.encode("x")) },
  { name: "one bit of the payload flipped", apply: (bytes) => flipped(bytes, bytes.length - 2) },
  { name: "one bit of the metadata flipped", apply: (bytes) => flipped(bytes, headBytes + 50) },
  { name: "zeroed from the middle on", apply: (bytes) => zeroed(bytes) },
  { name: "two bytes exchanged", apply: (bytes) => exchanged(bytes) },
  { name: "another key's entry", apply: (_, other) => part(other, 0) },
  {
    name: "another entry's payload under this one's metadata",
    apply: (bytes, other) => joined(part(bytes, 0, payloadAt(bytes)), part(other, payloadAt(other))),
  },
  { name: "somebody else's JSON", apply: () => encoder.encode('{"value":42,"expires":null}') },
];

/** A copy, also of a Buffer, whose own `slice` is a view. */
function part(bytes: Uint8Array, start: number, end?: number): Uint8Array {
  return new Uint8Array(bytes.subarray(start, end));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function zeroed(bytes: Uint8Array): Uint8Array {
  return joined(part(bytes, 0, bytes.length >> 1), new Uint8Array(bytes.length - (bytes.length >> 1)));
}

/** Exchanges the last byte with the nearest one before it that differs. */
function exchanged(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes);
  const last = copy.length - 1;
  let at = last - 1;
  while (at > headBytes && copy[at] === copy[last]) at -= 1;
  [copy[at], copy[last]] = [copy[last] ?? 0, copy[at] ?? 0];
  return copy;
}

function payloadAt(bytes: Uint8Array): number {
  return bytes.indexOf(10, headBytes) + 1;
}
