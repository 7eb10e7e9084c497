import { AdaptiveStore, LruStore, type Store } from "@cascata/memory";

/** Requests numbered from 0 without gaps. */
export interface Trace {
  readonly keys: Int32Array;
  readonly unique: number;
}

export function compact(requests: Int32Array): Trace {
  const numbers = new Map<number, number>();
  const keys = requests.map((request) => {
    const number = numbers.get(request) ?? numbers.size;
    numbers.set(request, number);
    return number;
  });
  return { keys, unique: numbers.size };
}

/** The share of requests that find their key, in percent: read, and write on a miss. */
export type Policy = (trace: Trace, capacity: number) => number;

const value = {};

function through(store: Store<object>, { keys, unique }: Trace): number {
  const names = Array.from({ length: unique }, (_, key) => `key:${key}`);
  let hits = 0;
  for (const key of keys) {
    const name = names[key] as string;
    if (store.get(name, 0) !== undefined) hits += 1;
    else store.set(name, value, Number.POSITIVE_INFINITY, 1, 0);
  }
  return (100 * hits) / keys.length;
}

const bounds = (maxEntries: number) => ({ maxEntries, maxWeight: Number.POSITIVE_INFINITY });

export const lru: Policy = (trace, capacity) => through(new LruStore(bounds(capacity)), trace);

export function adaptive(seed: number): Policy {
  return (trace, capacity) => through(new AdaptiveStore({ ...bounds(capacity), seed }), trace);
}

/** SIEVE (Zhang et al., NSDI 2024), a rival of few lines: one FIFO and a hand that spares what was visited. */
export const sieve: Policy = ({ keys, unique }, capacity) => {
  const newer = new Int32Array(unique).fill(-1);
  const visited = new Uint8Array(unique);
  const held = new Uint8Array(unique);
  let [oldest, newest, hand, before, size, hits] = [-1, -1, -1, -1, 0, 0];
  for (const key of keys) {
    if (held[key] === 1) {
      visited[key] = 1;
      hits += 1;
      continue;
    }
    if (size === capacity) {
      if (hand === -1) [hand, before] = [oldest, -1];
      while (visited[hand] === 1) {
        visited[hand] = 0;
        [before, hand] = [hand, newer[hand] as number];
        if (hand === -1) [hand, before] = [oldest, -1];
      }
      const next = newer[hand] as number;
      if (before === -1) oldest = next;
      else newer[before] = next;
      if (hand === newest) newest = before;
      held[hand] = 0;
      hand = next;
      size -= 1;
    }
    if (newest === -1) oldest = key;
    else newer[newest] = key;
    newer[key] = -1;
    visited[key] = 0;
    held[key] = 1;
    newest = key;
    size += 1;
  }
  return (100 * hits) / keys.length;
};
