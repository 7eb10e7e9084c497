import {
  type CreateOptions,
  createRegion,
  type Region,
  type RegionEventName,
  type RegionOptions,
  stack,
} from "@cascata/core";
import { MemoryBackend, type MemorySettings } from "@cascata/memory";
import { RedisBackend, type RedisBackendOptions } from "@cascata/redis";
import type { Cache, Candidate, Profile, Setup } from "./candidate.ts";

/** What a variant has switched on. */
interface Variant {
  readonly name: string;
  readonly how: string;
  readonly region?: Partial<RegionOptions>;
  readonly memory?: MemorySettings;
  readonly tags?: readonly string[];
  /** The events that somebody listens to. */
  readonly listens?: readonly RegionEventName[];
  /** The tags have been invalidated before, so that every look-up compares. */
  readonly marked?: boolean;
}

function asCache(region: Region<Profile>, tags: readonly string[] | undefined, close: () => unknown): Cache {
  const write = tags === undefined ? undefined : { tags };
  const create: CreateOptions<Profile> | undefined = write;
  return {
    get: (key) => region.get(key),
    peek: (key) => region.peek(key),
    getOrCreate: (key, make) => region.getOrCreate(key, () => make(key), create),
    getMulti: (keys) => region.getMulti(keys),
    getOrCreateMulti: (keys, make) => region.getOrCreateMulti(keys, make, create),
    set: (key, value) => region.set(key, value, write),
    setMulti: (mapping) => region.setMulti(mapping, write),
    delete: (key) => region.delete(key),
    close,
  };
}

function inMemory({ name, how, region: options, memory, tags, listens, marked }: Variant): Candidate {
  return {
    name,
    how,
    tiers: "memory",
    open: async ({ entries, ttlMs }: Setup) => {
      const backend = new MemoryBackend({ maxEntries: entries, ...memory });
      const region = createRegion<Profile>({ name: "bench", backend, ttl: ttlMs, ...options });
      for (const event of listens ?? []) region.on(event, count);
      if (marked) await region.invalidateTags(tags ?? []);
      return asCache(region, tags, () => region.close());
    },
  };
}

let heard = 0;
function count(): void {
  heard += 1;
}

/** How many events the listeners of the bench were told. @public */
export function eventsHeard(): number {
  return heard;
}

/** The memory tier under a region: as it comes, and with one feature each. */
const variants: readonly Variant[] = [
  { name: "cascata", how: "createRegion over MemoryBackend, ttl; single flight and fences as always" },
  { name: "cascata adaptive", how: 'policy: "adaptive"', memory: { policy: "adaptive" } },
  {
    name: "cascata + tags",
    how: "two tags an entry, newer than the one mark that stands",
    tags: ["a", "b"],
    marked: true,
  },
  {
    name: "cascata + events",
    how: "a listener on each of hit, miss, created, set",
    listens: ["hit", "miss", "created", "set"],
  },
  { name: "cascata + metrics", how: "what a counter listens to: served, created", listens: ["served", "created"] },
  { name: "cascata + grace", how: "grace of an hour", region: { grace: "1h" } },
  { name: "cascata + clone", how: 'isolation: "clone": each caller has a copy', region: { isolation: "clone" } },
  { name: "cascata + refreshAhead", how: "refreshAhead at 0.9 of the ttl", region: { refreshAhead: 0.9 } },
];

export const memoryVariants: readonly Candidate[] = variants.map(inMemory);

function twoTiers(name: string, how: string, redis: Partial<RedisBackendOptions>): Candidate {
  return {
    name,
    how,
    tiers: "memory and redis",
    open: ({ entries, ttlMs, redisUrl }: Setup) => {
      const far = new RedisBackend({ ...(redisUrl !== undefined && { url: redisUrl }), ...redis });
      const near = new MemoryBackend({ maxEntries: entries });
      const backend = stack(near, far);
      const region = createRegion<Profile>({ name: "bench", backend, ttl: ttlMs });
      return asCache(region, undefined, async () => {
        await region.close();
        await backend.close();
      });
    },
  };
}

export const farVariants: readonly Candidate[] = [
  twoTiers(
    "cascata",
    "stack(MemoryBackend, RedisBackend): leases, orders and feed on, breaker and deadline as always",
    {},
  ),
  twoTiers("cascata, plain", "the same with leases: false, feed: false", { leases: false, feed: false }),
];
