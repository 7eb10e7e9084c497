import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackendIncident, CachedValue, type CacheMetadata, type Clock, type Found } from "@cascata/core";
import { LmdbBackend, type LmdbBackendOptions } from "@cascata/lmdb";
import { afterAll, afterEach } from "vitest";

/** New files in a folder of their own, and backends that are closed after each test. */
export class Bench {
  readonly clock: Clock;
  readonly folder: string = mkdtempSync(join(tmpdir(), "cascata-lmdb-unit-"));
  readonly incidents: BackendIncident[] = [];
  readonly #open: LmdbBackend[] = [];
  #count = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    afterEach(async () => {
      for (const backend of this.#open.splice(0)) await backend.close();
      this.incidents.length = 0;
    });
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  newPath(): string {
    this.#count += 1;
    return join(this.folder, `${this.#count}.mdb`);
  }

  open(options: Partial<LmdbBackendOptions> = {}): LmdbBackend {
    const backend = new LmdbBackend({ path: this.newPath(), clock: this.clock, maxSize: "16mb", ...options });
    backend.watch((incident) => void this.incidents.push(incident));
    this.#open.push(backend);
    return backend;
  }

  entry(payload: unknown, metadata: Partial<CacheMetadata> = {}): CachedValue {
    const now = this.clock.now();
    return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl: 3_600_000, ...metadata });
  }
}

export function payloadOf(found: Found): unknown {
  return found instanceof CachedValue ? found.payload : "(miss)";
}
