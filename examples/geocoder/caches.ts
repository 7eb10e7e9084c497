import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { createCaches } from "@cascata/config";
import { isNoValue } from "@cascata/core";
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
  const caches = await createCaches<{ geocodes: Answer }>(
    {
      backends: {
        memory: { use: "@cascata/memory", maxEntries: 1_000 },
        disk: { use: "@cascata/lmdb", path: diskFile(cacheDir), maxSize: "256mb", onDamage: "rebuild" },
        ...(redis !== undefined && { redis: { use: "@cascata/redis", url: redis } }),
      },
      regions: {
        geocodes: { tiers: ["memory", "disk", ...(redis === undefined ? [] : ["redis"])], ttl: "30d" },
      },
    },
    { from: import.meta.url },
  );
  const geocodes = caches.region("geocodes");
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
      await caches.close();
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
  for (const ending of ["", "-lock", "-stamp", "-gate", "-gate-lock"])
    rmSync(`${diskFile(cacheDir)}${ending}`, { force: true });
}
