import { type Cache, type Create, type Profile, profile } from "../candidates/candidate.ts";
import type { Operation } from "./sampling.ts";

const batchSize = 100;
const together = 50;

/** Of the far tier; the memory tier in front of it holds a small part of them. */
export const farKeys = 4000;
/** What the memory tier of a far run is bounded to: a walk over all keys never finds one in it. */
export const nearEntries = 200;

const never: Create = (key) => {
  throw new Error(`${key} was not there`);
};

/** The operations on a cache whose far tier holds the keys; `hits` walk over keys that the near tier has lost again. */
export function farOperations(cache: Cache, keys: readonly string[], values: readonly Profile[]): readonly Operation[] {
  const operations: Operation[] = [];
  const add = (name: string, run: (count: number) => Promise<void>) => operations.push({ name, run });
  const hot = keys.slice(0, together);
  const cold = keys.slice(together);
  let at = 0;
  const next = () => cold[at++ % cold.length] as string;
  const nextOf = (size: number) => Array.from({ length: size }, next);
  let fresh = 0;
  const { get, getOrCreate, getMulti, set, setMulti } = cache;
  const read = get ?? (getOrCreate && ((key: string) => getOrCreate(key, never)));
  if (read !== undefined) {
    add("near hit", async (count) => {
      for (let turn = 0; turn < count; turn += 1) await read(hot[turn % 10] as string);
    });
    add("far hit", async (count) => {
      for (let turn = 0; turn < count; turn += 1) await read(next());
    });
    add("far hit, 50 at once", async (count) => {
      for (let turn = 0; turn < count; turn += together) await Promise.all(nextOf(together).map(read));
    });
  }
  if (getMulti !== undefined) {
    add("100 far hits", async (count) => {
      for (let turn = 0; turn < count; turn += 1) await getMulti(nextOf(batchSize));
    });
    add("50 near + 50 far", async (count) => {
      for (let turn = 0; turn < count; turn += 1) await getMulti([...hot, ...nextOf(together)]);
    });
  }
  const value = profile(1);
  if (getOrCreate !== undefined) {
    add("miss in all", async (count) => {
      for (let turn = 0; turn < count; turn += 1) {
        fresh += 1;
        await getOrCreate(`user:profile:new:${fresh}`, () => value);
      }
    });
  }
  add("set", async (count) => {
    for (let turn = 0; turn < count; turn += 1) await set(next(), values[turn % values.length] as Profile);
  });
  if (setMulti !== undefined) {
    add("set of 100", async (count) => {
      for (let turn = 0; turn < count; turn += 1)
        await setMulti(new Map(nextOf(batchSize).map((key, index) => [key, values[index] as Profile])));
    });
  }
  const { delete: remove } = cache;
  if (remove !== undefined) {
    add("delete", async (count) => {
      for (let turn = 0; turn < count; turn += 1) await remove(next());
    });
  }
  return operations;
}
