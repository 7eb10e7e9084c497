/** What a part of the bench encodes: several values of one shape, so that no cache of numbers or texts helps. */
export interface PayloadSet {
  readonly kind: "plain" | "rich" | "vector";
  readonly bytes: number;
  readonly values: readonly unknown[];
}

type Random = () => number;

/** A small generator with a seed (mulberry32), so that every run encodes the same. */
function randomOf(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const words = ["harbour", "Zürich", "mill", "north gate", "green", "42b", "market", "old", "bridge", "field"];

function textOf(random: Random, count: number): string {
  return Array.from({ length: count }, () => words[Math.floor(random() * words.length)]).join(" ");
}

function line(random: Random): object {
  return {
    sku: `sku-${Math.floor(random() * 1e6)}`,
    quantity: Math.floor(random() * 100),
    price: Math.round(random() * 1e5) / 100,
    note: textOf(random, 2),
    taxed: random() < 0.5,
    discount: null,
  };
}

function order(random: Random, lines: number): object {
  return {
    id: Math.floor(random() * 1e9),
    customer: textOf(random, 2),
    address: { street: textOf(random, 3), zip: "8001", latitude: 47 + random(), longitude: 8 + random() },
    tags: [textOf(random, 1), textOf(random, 1)],
    open: random() < 0.5,
    lines: Array.from({ length: lines }, () => line(random)),
  };
}

function richOrder(random: Random, lines: number): object {
  return {
    ...order(random, lines),
    createdAt: new Date(1.7e12 + Math.floor(random() * 1e11)),
    shippedAt: undefined,
    total: BigInt(Math.floor(random() * 1e12)),
    stock: new Map([
      ["here", Math.floor(random() * 50)],
      ["there", Math.floor(random() * 50)],
    ]),
    labels: new Set(["gift", textOf(random, 1)]),
    thumbnail: new Uint8Array(64).fill(7),
  };
}

function vector(random: Random, length: number): object {
  return { model: "m1", values: Array.from({ length }, () => random() * 2 - 1) };
}

/** The payloads of one size in bytes of JSON, about. */
export function payloads(kind: PayloadSet["kind"], bytes: number): PayloadSet {
  const random = randomOf(bytes);
  const make = {
    plain: () => order(random, Math.max(0, Math.round((bytes - 200) / 105))),
    rich: () => richOrder(random, Math.max(0, Math.round((bytes - 450) / 105))),
    vector: () => vector(random, Math.round(bytes / 20)),
  }[kind];
  const count = bytes > 1e6 ? 2 : Math.max(8, Math.min(200, Math.round(1e6 / bytes)));
  return { kind, bytes, values: Array.from({ length: count }, make) };
}
