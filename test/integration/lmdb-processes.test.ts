import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Gate } from "../../packages/lmdb/src/gate.ts";
import { pause } from "../../packages/lmdb/src/pause.ts";
import { until } from "../support/until.ts";
import { buildWorker, Worker } from "./support/lmdb-workers.ts";

const folder = mkdtempSync(join(tmpdir(), "cascata-lmdb-processes-"));
const workers: Worker[] = [];
let file = "";
let count = 0;

beforeAll(async () => {
  file = await buildWorker();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(file, { force: true });
});

async function start(many: number, path = join(folder, `${++count}.mdb`), maxSize?: string): Promise<Worker[]> {
  const started = await Promise.all(Array.from({ length: many }, () => Worker.start(file, path, maxSize)));
  workers.push(...started);
  return started;
}

async function startPair(path?: string): Promise<[Worker, Worker]> {
  return (await start(2, path)) as [Worker, Worker];
}

describe("processes on one file", () => {
  it("see each other's writes as soon as they are answered", async () => {
    const [one, other] = await startPair();
    for (let round = 0; round < 200; round += 1) {
      await one.call("set", "a", round);
      expect(await other.call("read", ["a"])).toEqual([round]);
      await other.call("delete", "a");
      expect(await one.call("read", ["a"])).toEqual([null]);
    }
  });

  it("start together on no file, and write at once without losing anything", async () => {
    for (let round = 0; round < 4; round += 1) {
      const started = await start(4);
      const counts = await Promise.all(
        started.map((worker, index) => worker.call("writeMany", `w${index}-`, 500, 100)),
      );
      expect(counts).toEqual(started.map(() => ["stored 500"]));
      for (let index = 0; index < 4; index += 1) {
        const keys = Array.from({ length: 500 }, (_, at) => `w${index}-${at}`);
        const read = await (started[(index + 1) % 4] as Worker).call<string[]>("read", keys);
        expect(read.map((text) => Number(text.split(" ")[0]))).toEqual(keys.map((_, at) => at));
      }
    }
  });

  it("write one at a time with whoever opens the file, which would undo what is committed meanwhile", async () => {
    const path = join(folder, `${++count}.mdb`);
    const [writes] = (await start(1, path)) as [Worker];
    await writes.call("set", "a", 1);
    const gate = new Gate(path);
    const [answer, releasedAt] = gate.hold(() => {
      const asked = writes.call<[number, number]>("timed");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      return [asked, Date.now()] as const;
    });
    const [beganAt, endedAt] = await answer;
    expect(beganAt).toBeLessThan(releasedAt);
    expect(endedAt).toBeGreaterThanOrEqual(releasedAt);
    await gate.close();
  });

  it("take no file for damaged that another process has only half made", async () => {
    const [made] = (await start(1)) as [Worker];
    const whole = join(folder, `${count}.mdb`);
    await made.call("set", "a", 1);
    await made.close();
    const [opens] = (await start(1)) as [Worker];
    for (const bytes of [4096, 8192]) {
      const path = join(folder, `${++count}.mdb`);
      const gate = new Gate(path);
      const [found] = gate.hold(() => {
        writeFileSync(path, readFileSync(whole).subarray(0, bytes));
        const asked = opens.call("readFrom", path, "a");
        pause(300);
        writeFileSync(path, readFileSync(whole));
        return [asked];
      });
      expect(await found).toBe(1);
      await gate.close();
    }
  });

  it("take turns with a mutex", async () => {
    const started = await start(3);
    await Promise.all(started.map((worker) => worker.call("increment", "counter", 40)));
    expect(await (started[0] as Worker).call("read", ["counter"])).toEqual([120]);
  });

  it("hear of each other's changes, in order, within milliseconds", async () => {
    const [one, other] = await startPair();
    await one.call("listen");
    await until("the feed has started", async () => (await one.call<string[]>("heard")).length === 1);
    for (let index = 0; index < 20; index += 1) await other.call("delete", `k${index}`);
    await until("all is heard", async () => (await one.call<string[]>("heard")).length === 21);
    const { pid } = other.process;
    expect(await one.call("heard")).toEqual([
      "uncertain started",
      ...Array.from({ length: 20 }, (_, index) => `changed k${index} by ${pid}`),
    ]);
  });

  it("a process that was stopped hears afterwards what it has missed", async () => {
    const [one, other] = await startPair();
    await one.call("listen");
    await until("the feed has started", async () => (await one.call<string[]>("heard")).length === 1);
    one.process.kill("SIGSTOP");
    await other.call("delete", "missed");
    one.process.kill("SIGCONT");
    await until("it is heard", async () => (await one.call<string[]>("heard")).length === 2);
    expect((await one.call<string[]>("heard"))[1]).toMatch(/^changed missed/);
  });
});

describe("leases, tickets and mutexes between processes", () => {
  it("one holder a key; its fill wakes the other, a delete makes it late", async () => {
    const [one, other] = await startPair();
    await other.call("listen");
    await until("the feed has started", async () => (await other.call<string[]>("heard")).length === 1);
    expect(await one.call("lease", "a", "t1", 60_000)).toMatchObject({ granted: true });
    expect(await other.call("lease", "a", "t2", 60_000)).toMatchObject({ granted: false });
    expect(await one.call("set", "a", 1, "t1")).toMatchObject({ status: "stored" });
    await until("the fill is heard", async () => (await other.call<string[]>("heard")).includes("filled a"));
    expect(await one.call("lease", "b", "t3", 60_000)).toMatchObject({ granted: true });
    await other.call("delete", "b");
    expect(await one.call("set", "b", "late", "t3")).toEqual({ status: "refused", why: "ticket" });
    expect(await other.call("read", ["a", "b"])).toEqual([1, null]);
  });

  it("a dead holder's lease is taken over when its time is up", async () => {
    const [one, other] = await startPair();
    expect(await one.call("lease", "a", "t1", 1500)).toMatchObject({ granted: true });
    await one.kill();
    expect(await other.call("lease", "a", "t2", 60_000)).toMatchObject({ granted: false });
    await until("the lease is taken over", async () => {
      return (await other.call<{ granted: boolean }>("lease", "a", "t2", 60_000)).granted;
    });
    expect(await other.call("set", "a", "mine", "t2")).toMatchObject({ status: "stored" });
  });

  it("a back-fill whose key another process has deleted meanwhile is refused", async () => {
    const [one, other] = await startPair();
    const ticket = await one.call("ticket", "a");
    await other.call("delete", "a");
    expect(await one.call("set", "a", "old", ticket)).toEqual({ status: "refused", why: "ticket" });
    const next = await one.call("ticket", "a");
    expect(await one.call("set", "a", "new", next)).toMatchObject({ status: "stored" });
  });

  it("a dead owner's mutex is free at once, a living one's is not", async () => {
    const [one, other] = await startPair();
    expect(await one.call("lock", "a", false)).toBe(true);
    expect(await other.call("lock", "a", false)).toBe(false);
    const waiting = other.call("lock", "a", true);
    await one.kill();
    expect(await waiting).toBe(true);
  });
});

describe("a process that is killed", () => {
  it("leaves a whole file with everything that it has answered for", async () => {
    const path = join(folder, `${++count}.mdb`);
    for (let round = 0; round < 5; round += 1) {
      const [victim] = (await start(1, path)) as [Worker];
      victim.call("writeUntilKilled", `r${round}-`).catch(() => undefined);
      await until("it writes", () => victim.told.length > 5 + round * 7);
      await victim.kill();
      const last = victim.told.at(-1) as number;
      const [reader] = (await start(1, path)) as [Worker];
      const keys = Array.from({ length: last + 1 }, (_, index) => `r${round}-${index}`);
      expect(await reader.call("read", keys)).toEqual(keys.map((_, index) => index));
      await reader.close();
    }
  });

  it("does not hold up or harm the others", async () => {
    const path = join(folder, `${++count}.mdb`);
    const [steady] = (await start(1, path)) as [Worker];
    const steadily = steady.call("writeMany", "s", 3000, 50);
    for (let round = 0; round < 4; round += 1) {
      const [victim] = (await start(1, path)) as [Worker];
      victim.call("writeUntilKilled", `v${round}-`).catch(() => undefined);
      await until("it writes", () => victim.told.length > 3);
      await victim.kill();
    }
    expect(await steadily).toEqual(["stored 3000"]);
  });
});

describe("regions of memory over one file", () => {
  it("one creator for all callers of three processes, round after round", async () => {
    const started = await start(3);
    for (let round = 0; round < 10; round += 1) {
      type Stampede = { created: number; values: unknown[] };
      const all = await Promise.all(started.map((worker) => worker.call<Stampede>("stampede", `k${round}`, 200, 60)));
      expect(all.reduce((sum, { created }) => sum + created, 0)).toBe(1);
      expect(new Set(all.flatMap(({ values }) => values)).size).toBe(1);
    }
  });

  it("what one deletes or sets, the others' memory serves no longer within milliseconds", async () => {
    const [one, other] = await startPair();
    await one.call("regionSet", "a", 0);
    await until("both have it", async () => (await other.call("regionGet", "a")) === 0);
    for (let round = 1; round <= 30; round += 1) {
      if (round % 2 === 0) await one.call("regionSet", "a", round);
      else expect(await one.call("regionDelete", "a")).toBe(true);
      const changedAt = performance.now();
      const expected = round % 2 === 0 ? round : null;
      await until("the change has arrived", async () => (await other.call("regionGet", "a")) === expected, 2000);
      expect(performance.now() - changedAt).toBeLessThan(1000);
    }
  });
});

describe("the maximum size", () => {
  it("holds while three processes write many times as much", async () => {
    const path = join(folder, `${++count}.mdb`);
    const started = await start(3, path, "4mb");
    const sizes = [100, 3000, 20_000];
    const counts = await Promise.all(
      started.map((worker, index) => worker.call<string[]>("writeMany", `w${index}-`, 1500, sizes[index])),
    );
    expect(statSync(path).size).toBeLessThanOrEqual(4 * 1024 ** 2);
    for (const [index, tally] of counts.entries())
      expect(storedOf(tally), `of ${sizes[index]} bytes`).toBeGreaterThan(1000);
    const newest = Array.from({ length: 5 }, (_, index) => `w2-${1495 + index}`);
    const read = await (started[0] as Worker).call<(string | null)[]>("read", newest);
    expect(read.filter((text) => text !== null).length).toBeGreaterThan(0);
  });

  it("holds while a reader pins what the others free, which refuses their writes, and no longer", async () => {
    const path = join(folder, `${++count}.mdb`);
    const [writes, reads] = (await start(2, path, "4mb")) as [Worker, Worker];
    await writes.call("writeMany", "w", 1500, 3000);
    const reading = reads.call("readSlowly", 1500);
    const during: string[] = [];
    let isReading = true;
    void reading.then(() => {
      isReading = false;
    });
    while (isReading) during.push(...(await writes.call<string[]>("writeMany", "v", 100, 3000)));
    expect(during.join()).toContain("failed");
    expect(statSync(path).size).toBeLessThanOrEqual(4 * 1024 ** 2);
    await writes.call("writeMany", "u", 100, 3000);
    expect(await writes.call("writeMany", "t", 100, 3000)).toEqual(["stored 100"]);
  });
});

function storedOf(tally: readonly string[]): number {
  return Number(/stored (\d+)/.exec(tally.join())?.[1] ?? 0);
}
