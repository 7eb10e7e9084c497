import { asyncCacheDedupeFar, asyncCacheDedupeMemory } from "./async-cache-dedupe.ts";
import { bentocacheFar, bentocacheMemory } from "./bentocache.ts";
import { cacheManagerFar, cacheManagerMemory } from "./cache-manager.ts";
import { cacheableFar, cacheableMemory } from "./cacheable.ts";
import { cachifiedFar, cachifiedMemory } from "./cachified.ts";
import type { Candidate } from "./candidate.ts";
import { farVariants, memoryVariants } from "./cascata.ts";
import { catboxFar, catboxMemory } from "./catbox.ts";
import { farFloor, memoryFloor } from "./floor.ts";
import { keyvFar, keyvMemory } from "./keyv.ts";
import { layeredLoaderFar, layeredLoaderMemory } from "./layered-loader.ts";
import { lruCache } from "./lru-cache.ts";
import { unstorageFar, unstorageMemory } from "./unstorage.ts";

export const memoryCandidates: readonly Candidate[] = [
  memoryFloor,
  ...memoryVariants,
  lruCache,
  layeredLoaderMemory,
  asyncCacheDedupeMemory,
  cacheManagerMemory,
  cachifiedMemory,
  catboxMemory,
  bentocacheMemory,
  cacheableMemory,
  unstorageMemory,
  keyvMemory,
];

export const farCandidates: readonly Candidate[] = [
  farFloor,
  ...farVariants,
  layeredLoaderFar,
  asyncCacheDedupeFar,
  cacheManagerFar,
  cachifiedFar,
  catboxFar,
  bentocacheFar,
  cacheableFar,
  unstorageFar,
  keyvFar,
];
