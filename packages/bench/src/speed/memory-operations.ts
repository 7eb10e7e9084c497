import type { Cache, Create, Profile } from "../candidates/candidate.ts";
import { profile } from "../candidates/candidate.ts";
import type { Operation } from "./sampling.ts";

const batchSize = 100;
const atOnce = 50;

/** Keys in an order that no prefetcher guesses; the strings are those that were stored, hashed already. */
export function shuffledKeys(entries: number): readonly string[] {
  const keys = Array.from({ length: entries }, (_, id) => `user:profile:${id}`);
  let state = 12345;
  for (let at = entries - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const other = state % (at + 1);
    [keys[at], keys[other]] = [keys[other] as string, keys[at] as string];
  }
  return keys;
}

const never: Create = (key) => {
  throw new Error(`${key} was not there`);
};

function batchesOf(keys: readonly string[]): readonly (readonly string[])[] {
  const size = Math.min(batchSize, keys.length);
  return Array.from({ length: Math.floor(keys.length / size) }, (_, at) => keys.slice(at * size, (at + 1) * size));
}

/** The operations that a cache has, on a memory tier that holds all keys. */
export function memoryOperations(
  cache: Cache,
  keys: readonly string[],
  values: readonly Profile[],
): readonly Operation[] {
  const operations: Operation[] = [];
  const size = keys.length;
  const batches = batchesOf(keys);
  let fresh = 0;
  const add = (name: string, run: (count: number) => Promise<void>) => operations.push({ name, run });
  const { get, peek, getOrCreate, getMulti, getOrCreateMulti, set, setMulti } = cache;
  if (get !== undefined)
    add("get", async (count) => {
      for (let at = 0; at < count; at += 1) await get(keys[at % size] as string);
    });
  if (peek !== undefined)
    add("peek", async (count) => {
      for (let at = 0; at < count; at += 1) sink = peek(keys[at % size] as string);
    });
  if (getOrCreate !== undefined)
    add("getOrCreate hit", async (count) => {
      for (let at = 0; at < count; at += 1) await getOrCreate(keys[at % size] as string, never);
    });
  if (getMulti !== undefined)
    add("getMulti(100)", async (count) => {
      for (let at = 0; at < count; at += 1) await getMulti(batches[at % batches.length] as readonly string[]);
    });
  if (getOrCreateMulti !== undefined)
    add("getOrCreateMulti(100)", async (count) => {
      for (let at = 0; at < count; at += 1)
        await getOrCreateMulti(
          batches[at % batches.length] as readonly string[],
          () => never("one of a batch") as never,
        );
    });
  add("set", async (count) => {
    for (let at = 0; at < count; at += 1) await set(keys[at % size] as string, values[at % size] as Profile);
  });
  if (setMulti !== undefined) {
    const mappings = batches.map((batch) => new Map(batch.map((key, at) => [key, values[at] as Profile])));
    add("setMulti(100)", async (count) => {
      for (let at = 0; at < count; at += 1) await setMulti(mappings[at % mappings.length] as Map<string, Profile>);
    });
  }
  // Last: it fills the tier with other keys.
  if (getOrCreate !== undefined) {
    const value = values[0] as Profile;
    const create = () => value;
    add("getOrCreate miss", async (count) => {
      for (let at = 0; at < count; at += 1) {
        fresh += 1;
        await getOrCreate(`fresh:${fresh}`, create);
      }
    });
    // Fifty under way at once, since that is what a creator that waits comes to.
    const createLater = async () => value;
    add("async miss", async (count) => {
      for (let left = count; left > 0; left -= atOnce) {
        const all: Promise<unknown>[] = [];
        for (let at = Math.min(left, atOnce); at > 0; at -= 1) {
          fresh += 1;
          all.push(getOrCreate(`fresh:${fresh}`, createLater));
        }
        await Promise.all(all);
      }
    });
  }
  return operations;
}

/** Values that are stored under the keys. */
export function valuesFor(keys: readonly string[]): readonly Profile[] {
  return keys.map((_, id) => profile(id));
}

/** Keeps the optimiser from dropping what nobody reads. */
let sink: unknown;
/** @public */
export function lastRead(): unknown {
  return sink;
}
