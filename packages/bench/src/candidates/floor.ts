import { createClient } from "@redis/client";
import { LRUCache } from "lru-cache";
import type { Cache, Candidate, Create, CreateMany, Profile, Setup } from "./candidate.ts";

/** What a hand-written cache costs: a function over lru-cache with a ttl, and one promise. */
class MemoryFloor implements Cache {
  readonly #lru: LRUCache<string, Profile>;

  constructor({ entries, ttlMs }: Setup) {
    this.#lru = new LRUCache({ max: entries, ttl: ttlMs });
  }

  readonly get = async (key: string): Promise<Profile | undefined> => this.#lru.get(key);

  readonly peek = (key: string): Profile | undefined => this.#lru.get(key);

  readonly getOrCreate = async (key: string, create: Create): Promise<Profile> => {
    const found = this.#lru.get(key);
    if (found !== undefined) return found;
    const value = await create(key);
    this.#lru.set(key, value);
    return value;
  };

  readonly getMulti = async (keys: readonly string[]): Promise<readonly (Profile | undefined)[]> => {
    const found = new Array<Profile | undefined>(keys.length);
    for (let at = 0; at < keys.length; at += 1) found[at] = this.#lru.get(keys[at] as string);
    return found;
  };

  readonly getOrCreateMulti = async (keys: readonly string[], create: CreateMany): Promise<Map<string, Profile>> => {
    const all = new Map<string, Profile>();
    const lacking: string[] = [];
    for (const key of keys) {
      const found = this.#lru.get(key);
      if (found === undefined) lacking.push(key);
      else all.set(key, found);
    }
    if (lacking.length === 0) return all;
    const made = await create(lacking);
    lacking.forEach((key, at) => {
      const value = made[at] as Profile;
      this.#lru.set(key, value);
      all.set(key, value);
    });
    return all;
  };

  readonly set = async (key: string, value: Profile): Promise<void> => {
    this.#lru.set(key, value);
  };

  readonly setMulti = async (mapping: ReadonlyMap<string, Profile>): Promise<void> => {
    for (const [key, value] of mapping) this.#lru.set(key, value);
  };

  readonly delete = async (key: string): Promise<void> => {
    this.#lru.delete(key);
  };

  readonly close = (): void => this.#lru.clear();
}

/** The same in front of one Redis: JSON, one command a call, one pipeline or one MGET a batch. */
async function openFarFloor({ entries, ttlMs, redisUrl }: Setup): Promise<Cache> {
  const lru = new LRUCache<string, Profile>({ max: entries, ttl: ttlMs });
  const client = createClient(redisUrl === undefined ? {} : { url: redisUrl });
  await client.connect();
  const prefix = "floor:";
  const options = { expiration: { type: "PX", value: ttlMs } } as const;
  const get = async (key: string): Promise<Profile | undefined> => {
    const near = lru.get(key);
    if (near !== undefined) return near;
    const text = await client.get(prefix + key);
    if (text === null) return undefined;
    const value = JSON.parse(text) as Profile;
    lru.set(key, value);
    return value;
  };
  const set = async (key: string, value: Profile): Promise<void> => {
    await client.set(prefix + key, JSON.stringify(value), options);
    lru.set(key, value);
  };
  return {
    get,
    set,
    getOrCreate: async (key, create) => {
      const found = await get(key);
      if (found !== undefined) return found;
      const value = await create(key);
      await set(key, value);
      return value;
    },
    getMulti: async (keys) => {
      const found = keys.map((key) => lru.get(key));
      const lacking = keys.filter((_, at) => found[at] === undefined);
      if (lacking.length === 0) return found;
      const texts = await client.mGet(lacking.map((key) => prefix + key));
      let next = 0;
      return keys.map((key, at) => {
        if (found[at] !== undefined) return found[at];
        const text = texts[next++];
        if (typeof text !== "string") return undefined;
        const value = JSON.parse(text) as Profile;
        lru.set(key, value);
        return value;
      });
    },
    setMulti: async (mapping) => {
      // One turn's commands go out as one pipeline.
      await Promise.all([...mapping].map(([key, value]) => client.set(prefix + key, JSON.stringify(value), options)));
      for (const [key, value] of mapping) lru.set(key, value);
    },
    delete: async (key) => {
      await client.unlink(prefix + key);
      lru.delete(key);
    },
    close: () => client.close(),
  };
}

export const memoryFloor: Candidate = {
  name: "floor",
  how: "about thirty lines over lru-cache with a ttl; one promise a call, no single flight, no fences",
  tiers: "memory",
  open: (setup) => new MemoryFloor(setup),
};

export const farFloor: Candidate = {
  name: "floor",
  how: "the same in front of @redis/client: JSON, GET, MGET, SET PX, UNLINK",
  tiers: "memory and redis",
  open: openFarFloor,
};
