import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";
import { buildWorker, Worker } from "./support/lmdb-workers.ts";

const folder = mkdtempSync(join(tmpdir(), "cascata-lmdb-full-"));
const workers: Worker[] = [];
let file = "";
let isMounted = false;

beforeAll(async () => {
  file = await buildWorker();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "none", folder], { stdio: "ignore" });
    isMounted = true;
  } catch {
    // Not root, or no such file system: the tests are skipped and counted.
  }
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
});
afterAll(() => {
  if (isMounted) execFileSync("umount", ["-l", folder]);
  rmSync(folder, { recursive: true, force: true });
  rmSync(file, { force: true });
});

async function start(path: string, maxSize: string): Promise<Worker> {
  const worker = await Worker.start(file, path, maxSize);
  workers.push(worker);
  return worker;
}

describe("a full disk", () => {
  it("is an incident, not a crash: old entries make room for new ones, deletes and leases go on", async (context) => {
    if (!isMounted) context.skip("needs a small tmpfs, which only root may mount");
    const path = join(folder, "cache.mdb");
    const worker = await start(path, "64mb");
    const other = await start(path, "64mb");
    const tallies = await Promise.all([
      worker.call<string[]>("writeMany", "small", 3000, 1000),
      other.call<string[]>("writeMany", "large", 600, 20_000),
    ]);
    // More went through than the disk has room for: what was stored first has made room, until no page could be had.
    // Which of the two writers gets the last free pages is chance.
    expect(storedOf(tallies[0]) + storedOf(tallies[1])).toBeGreaterThan(1000);
    expect([...(await worker.call<string[]>("incidents")), ...(await other.call<string[]>("incidents"))]).toContain(
      "disk-full",
    );
    expect(await other.call("delete", "small2999")).toMatchObject({ status: "stored" });
    expect(await worker.call("read", ["small2999"])).toEqual([null]);
    expect(await worker.call("lease", "small2999", "t", 1000)).toMatchObject({ granted: true });
    execFileSync("mount", ["-o", "remount,size=32m", folder]);
    // Until the disk is tried again, what needs more of it fails.
    await until("there is room again", async () => {
      const stored = worker.call<{ status: string }>("set", "after", "fits");
      return stored.then(
        ({ status }) => status === "stored",
        () => false,
      );
    });
    expect(await other.call("read", ["after"])).toEqual(["fits"]);
    await worker.close();
    await other.close();
    const again = await start(path, "64mb");
    expect(await again.call("read", ["after", "small2999"])).toEqual(["fits", null]);
  });

  it("refuses to make a new file where there is no room for one", async (context) => {
    if (!isMounted) context.skip("needs a small tmpfs, which only root may mount");
    execFileSync("mount", ["-o", "remount,size=32m", folder]);
    const { size } = statSync(join(folder, "cache.mdb"));
    const ballast = join(folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(32 * 1024 ** 2 - size - 700_000));
    await expect(Worker.start(file, join(folder, "new.mdb"), "64mb")).rejects.toThrow(/at least 1 MB free/);
    rmSync(ballast);
  });
});

function storedOf(tally: readonly string[] | undefined): number {
  return Number(/stored (\d+)/.exec(tally?.join() ?? "")?.[1] ?? 0);
}
