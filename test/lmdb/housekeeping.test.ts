import { statSync } from "node:fs";
import { ManualClock, RecordingListener } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import type { LmdbBackend } from "../../packages/lmdb/src/lmdb-backend.ts";
import { LmdbFile } from "../../packages/lmdb/src/lmdb-file.ts";
import { foldMarks } from "../../packages/lmdb/src/marks.ts";
import { Bench, payloadOf } from "./support.ts";

const clock = new ManualClock();
const bench = new Bench(clock);

/** How many records each tree of a closed file holds. */
async function counts(backend: LmdbBackend, path: string): Promise<Record<string, number>> {
  await backend.close();
  const file = new LmdbFile(path, 16 * 1024 ** 2, { now: () => clock.now(), diskFull: () => undefined });
  const counted = Object.entries(file.trees).map(([name, tree]) => [name, tree.getCount()] as const);
  await file.leave(() => undefined);
  return Object.fromEntries(counted);
}

describe("what is over", () => {
  it("is dropped in the background, pieces and indexes included", async () => {
    const path = bench.newPath();
    const backend = bench.open({ path });
    const long = "x".repeat(30_000);
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    await backend.setMulti(new Map(keys.map((key) => [key, bench.entry(key, { ttl: 5000 })])));
    await backend.set("long", bench.entry(long, { ttl: 5000 }));
    await backend.set("stays", bench.entry(long));
    await backend.get("leased", { lease: { token: "t", ms: 5000, answer: () => undefined } });
    await clock.advance(8000);
    expect(payloadOf(await backend.get("stays"))).toBe(long);
    expect(await counts(backend, path)).toMatchObject({ entries: 1, ages: 1, expiries: 1, pieces: 15, leases: 0 });
  });

  it("is not served before it is dropped", async () => {
    const backend = bench.open();
    await backend.set("a", bench.entry(1, { ttl: 100 }));
    await clock.advance(100);
    expect(payloadOf(await backend.get("a"))).toBe("(miss)");
    expect(payloadOf((await backend.getMulti(["a"]))[0] as never)).toBe("(miss)");
  });

  it("what is rewritten, deleted or cleared leaves nothing behind", async () => {
    const path = bench.newPath();
    const backend = bench.open({ path });
    for (const bytes of [30_000, 10, 50_000]) await backend.set("a", bench.entry("x".repeat(bytes)));
    await backend.set("b", bench.entry("x".repeat(30_000)));
    await backend.delete("b");
    await backend.set("a", bench.entry("short"));
    expect(await counts(backend, path)).toMatchObject({ entries: 1, ages: 1, expiries: 1, pieces: 0 });
  });
});

describe("the log of notices", () => {
  it("is trimmed, and who has not read so far is uncertain", async () => {
    const path = bench.newPath();
    const backend = bench.open({ path });
    const heard = new RecordingListener();
    // Looks so rarely that the log moves on without it.
    const sleeper = bench.open({ path, pollEvery: "1h" });
    sleeper.changes.subscribe(heard);
    await clock.advance(1);
    expect(heard.uncertainties).toEqual(["started"]);
    for (let index = 0; index < 12_000; index += 1) await backend.delete(`k${index}`);
    await clock.advance(3000);
    await clock.advance(3_600_000);
    expect(heard.uncertainties).toEqual(["started", "the log was trimmed"]);
    expect(heard.changedKeys).toEqual([]);
    await backend.delete("after");
    await clock.advance(3_600_000);
    expect(heard.changedKeys).toEqual(["after"]);
    expect((await counts(backend, path))["notices"]).toBeLessThanOrEqual(10_001);
  });

  it("tells of thousands of keys in several notices, and of too long a key that something was lost", async () => {
    const backend = bench.open();
    const heard = new RecordingListener();
    backend.changes.subscribe(heard);
    await clock.advance(10);
    const keys = Array.from({ length: 3000 }, (_, index) => `key number ${index}`);
    await backend.deleteMulti(keys);
    await clock.advance(10);
    expect(heard.changedKeys).toEqual(keys);
    await backend.delete("x".repeat(100_000));
    await clock.advance(10);
    expect(heard.uncertainties).toEqual(["started", "a change was too long for the log"]);
  });
});

describe("marks", () => {
  it("are folded into a floor beyond their bound, which covers every name", async () => {
    const path = bench.newPath();
    const backend = bench.open({ path });
    const names = Array.from({ length: 30 }, (_, index) => `tag${index}`);
    const put = [];
    for (const name of names) put.push(...(await backend.marks.put([name], "hard", 5)));
    await backend.close();
    const file = new LmdbFile(path, 16 * 1024 ** 2, { now: () => clock.now(), diskFull: () => undefined });
    while (foldMarks(file, 10));
    await file.leave(() => undefined);
    const again = bench.open({ path });
    const [oldest = [], newest = [], unknown = []] = await again.marks.lookup(["tag0", "tag29", "never marked"]);
    expect(newest).toEqual([put[29]]);
    const floor = put[19]?.order;
    expect(oldest).toEqual([{ name: "tag0", mode: "hard", at: 5, order: floor }]);
    expect(unknown).toEqual([{ name: "never marked", mode: "hard", at: 5, order: floor }]);
  });
});

describe("the maximum size", () => {
  it("holds while many times as much is written, in entries of any size, the newest staying", async () => {
    const path = bench.newPath();
    const backend = bench.open({ path, maxSize: "2mb" });
    for (const bytes of [50, 2500, 40_000, 300]) {
      const refused: unknown[] = [];
      for (let index = 0; index < 600; index += 1) {
        const outcome = await backend.set(`${bytes}-${index}`, bench.entry("x".repeat(bytes)));
        if (outcome.status !== "stored") refused.push(outcome);
      }
      expect(statSync(path).size).toBeLessThanOrEqual(2 * 1024 ** 2);
      expect(refused.length).toBeLessThan(10);
      expect(payloadOf(await backend.get(`${bytes}-599`))).toBe("x".repeat(bytes));
    }
    expect(payloadOf(await backend.get("50-0"))).toBe("(miss)");
  });

  it("refuses what is too large for it and drops what was there of the key", async () => {
    const backend = bench.open({ maxSize: "1mb", maxEntrySize: "100kb" });
    await backend.set("a", bench.entry("small"));
    const refused = { status: "refused", why: "too-large" };
    expect(await backend.set("a", bench.entry("x".repeat(200_000)))).toEqual(refused);
    expect(payloadOf(await backend.get("a"))).toBe("(miss)");
  });
});
