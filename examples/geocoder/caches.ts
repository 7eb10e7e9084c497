import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createRegion, isNoValue, stack } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";
import { RedisBackend } from "@cascata/redis";
import { type Cell, keyOf } from "./grid.ts";
import type { Answer } from "./nearest.ts";
import { creatorSource, type Lookup } from "./serve.ts";

export interface GeocoderCacheOptions {
  /** Folder of the disk tier's file; made when it isn't there. */
  readonly cacheDir: string;
  /** URL of a Redis beneath the disk tier. */
  readonly redis: string | undefined;
  /** Version of the data, a part of every key. */
  readonly version: string;
  /** What answers when no tier can. */
  readonly search: (cell: Cell) => Answer;
}

/** The search behind its cache. */
export interface GeocoderCache {
  readonly lookup: Lookup;
  /** The tiers' names, nearest first. */
  readonly tiers: readonly string[];
  /** How often what went wrong with a tier, without harm to an answer. */
  readonly incidents: ReadonlyMap<string, number>;
  /** Lets go of the tiers, once what is being written has been. */
  close(): Promise<void>;
}

/** Composes the chain in configuration: memory, disk, and Redis where one was named. */
export async function openGeocoderCache(options: GeocoderCacheOptions): Promise<GeocoderCache> {
  const { cacheDir, redis, version, search } = options;
  mkdirSync(cacheDir, { recursive: true });
  const memory = new MemoryBackend({ maxEntries: 1_000 });
  const disk = new LmdbBackend({ name: "disk", path: diskFile(cacheDir), maxSize: "256mb", onDamage: "rebuild" });
  const below = redis === undefined ? [] : [new RedisBackend({ url: redis })];
  const geocodes = createRegion<Answer>({ name: "geocodes", backend: stack(memory, disk, ...below), ttl: "30d" });
  const incidents = new Map<string, number>();
  const countUp = (what: string) => void incidents.set(what, (incidents.get(what) ?? 0) + 1);
  geocodes.on("incident", ({ backend, what, error }) => {
    if (error !== undefined) countUp(`${backend}: ${what}`);
  });
  geocodes.on("tierFailed", ({ tier, operation, error }) => countUp(`${tier}: ${operation} failed, ${error.message}`));
  return {
    async lookup(cell) {
      const entry = await geocodes.getOrCreateEntry(keyOf(cell, version), () => search(cell));
      if (isNoValue(entry)) throw new Error("the search always finds a city");
      return { answer: entry.payload, source: entry.tier ?? creatorSource };
    },
    tiers: redis === undefined ? ["memory", "disk"] : ["memory", "disk", "redis"],
    incidents,
    async close() {
      await geocodes.close();
      for (const tier of [memory, disk, ...below]) await tier.close();
    },
  };
}

/** The disk tier's file. */
export function diskFile(cacheDir: string): string {
  return join(cacheDir, "geocodes.mdb");
}

/** Bytes of the disk tier's file; 0 when there is none. */
export function diskBytes(cacheDir: string): number {
  return statSync(diskFile(cacheDir), { throwIfNoEntry: false })?.size ?? 0;
}

/** Drops the disk tier's file with what stands beside it, and nothing else that may be in the folder. */
export function dropDiskFile(cacheDir: string): void {
  for (const ending of ["", "-lock", "-stamp"]) rmSync(`${diskFile(cacheDir)}${ending}`, { force: true });
}
