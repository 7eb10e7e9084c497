import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BackendIncident, CachedValue, ConfigurationError, NO_VALUE } from "@cascata/core";
import { LmdbBackend, type LmdbBackendOptions } from "@cascata/lmdb";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "cascata-lmdb-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const newPath = () => join(folder, `${++count}.mdb`);
const entry = (payload: unknown) =>
  new CachedValue(payload, { createdAt: Date.now(), startedAt: Date.now(), formatVersion: 1, ttl: 3_600_000 });

async function filled(path: string, entries = 200): Promise<void> {
  const backend = new LmdbBackend({ path });
  const names = Array.from({ length: entries }, (_, index) => `k${index}`);
  await backend.setMulti(new Map(names.map((name) => [name, entry(`${name} ${"x".repeat(300)}`)])));
  await backend.close();
}

/** What a backend does with the file: the error of its construction or first read, or what it read, and the incidents. */
async function attempt(options: LmdbBackendOptions): Promise<{ error?: unknown; read?: unknown; incidents: string[] }> {
  const incidents: string[] = [];
  let backend: LmdbBackend | undefined;
  try {
    backend = new LmdbBackend(options);
    backend.watch((incident: BackendIncident) => void incidents.push(incident.what));
    const found = await backend.get("k7");
    return { read: found === NO_VALUE ? "(miss)" : (found as CachedValue).payload, incidents };
  } catch (error) {
    return { error, incidents };
  } finally {
    await backend?.close();
  }
}

async function expectRefused(path: string, why: RegExp): Promise<void> {
  const { error } = await attempt({ path });
  expect(error).toBeInstanceOf(ConfigurationError);
  expect((error as Error).message).toMatch(why);
}

describe("what is no place for a file is refused at construction", () => {
  it("a folder", async () => {
    const path = newPath();
    mkdirSync(path);
    expect(() => new LmdbBackend({ path })).toThrow(/a folder.*name a file in the folder/);
    expect(() => new LmdbBackend({ path, onDamage: "rebuild" })).toThrow(ConfigurationError);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it("a pipe, which would hang", () => {
    const path = newPath();
    execFileSync("mkfifo", [path]);
    expect(() => new LmdbBackend({ path, onDamage: "rebuild" })).toThrow(/a pipe/);
  });

  it("a device", () => {
    expect(() => new LmdbBackend({ path: "/dev/null", onDamage: "rebuild" })).toThrow(/a device/);
  });

  it("a socket", async () => {
    const path = newPath();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    expect(() => new LmdbBackend({ path })).toThrow(/a socket/);
    await new Promise((resolve) => server.close(resolve));
  });

  it("a file where a folder should be, and a dangling link", () => {
    const file = newPath();
    writeFileSync(file, "text");
    expect(() => new LmdbBackend({ path: join(file, "cache.mdb") })).toThrow(ConfigurationError);
    const link = newPath();
    symlinkSync(join(folder, "nowhere", "at", "all"), link);
    expect(() => new LmdbBackend({ path: link })).toThrow(/dangling link/);
  });

  it("a pipe where LMDB's lock file will be", () => {
    const path = newPath();
    execFileSync("mkfifo", [`${path}-lock`]);
    expect(() => new LmdbBackend({ path })).toThrow(/-lock/);
  });

  it("a file or folder without permission", (context) => {
    if (process.getuid?.() === 0) context.skip("root may read and write everything");
    const path = newPath();
    writeFileSync(path, "");
    chmodSync(path, 0o000);
    expect(() => new LmdbBackend({ path })).toThrow(/EACCES/);
    const closed = join(folder, "closed");
    mkdirSync(closed, { mode: 0o500 });
    expect(() => new LmdbBackend({ path: join(closed, "a.mdb") })).toThrow(/EACCES/);
  });
});

describe("a damaged file", () => {
  const damages: Readonly<Record<string, (path: string) => Promise<void> | void>> = {
    "a text file": (path) => writeFileSync(path, "not a database\n".repeat(1000)),
    "a short text file": (path) => writeFileSync(path, "hello"),
    "random bytes": (path) => writeFileSync(path, randomBytes(40_000)),
    "a file cut short": async (path) => {
      await filled(path);
      const backend = new LmdbBackend({ path });
      await backend.get("k7");
      await backend.close();
      truncateSync(path, 40_960);
    },
    "a file cut within its header": async (path) => {
      await filled(path);
      truncateSync(path, 5000);
    },
    "a file with a torn inside": async (path) => {
      await filled(path);
      const bytes = readFileSync(path);
      for (let at = 8192; at + 4096 <= bytes.length; at += 4096) bytes.set(randomBytes(4096), at);
      writeFileSync(path, bytes);
      // Written as a crash would leave it: no clean close.
      rmSync(`${path}-stamp`);
    },
    "another application's LMDB file": async (path) => {
      type Open = (options: object) => { put(key: string, value: unknown): Promise<boolean>; close(): Promise<void> };
      const { open } = createRequire(import.meta.resolve("@cascata/lmdb"))("lmdb") as { readonly open: Open };
      const other = open({ path, noSubdir: true });
      await other.put("theirs", { precious: true });
      await other.close();
    },
  };

  for (const [name, damage] of Object.entries(damages)) {
    it(`${name} is refused with its path and a cure, and stays as it was`, async () => {
      const path = newPath();
      await damage(path);
      const before = readFileSync(path);
      await expectRefused(path, new RegExp(`${path}: .*onDamage to "rebuild"`));
      expect(readFileSync(path).equals(before)).toBe(true);
    });

    it(`${name} is set aside and rebuilt when asked`, async () => {
      const path = newPath();
      await damage(path);
      const before = readFileSync(path);
      const { error, read, incidents } = await attempt({ path, onDamage: "rebuild" });
      expect(error).toBeUndefined();
      expect(read).toBe("(miss)");
      expect(incidents).toEqual(["rebuilt"]);
      const aside = readdirSync(folder).find((one) => one.startsWith(`${count}.mdb.damaged-`));
      expect(readFileSync(join(folder, aside ?? "(nothing set aside)")).equals(before)).toBe(true);
      const backend = new LmdbBackend({ path });
      await backend.set("k7", entry("new"));
      await backend.close();
      expect((await attempt({ path })).read).toBe("new");
    });
  }
});

describe("a whole file", () => {
  it("is made with its folders, and an empty one is as good as none", async () => {
    const path = join(folder, "some", "where", "cache.mdb");
    expect((await attempt({ path })).read).toBe("(miss)");
    const empty = newPath();
    writeFileSync(empty, "");
    expect((await attempt({ path: empty })).read).toBe("(miss)");
  });

  it("is warm after a restart, closed cleanly or not", async () => {
    const path = newPath();
    await filled(path);
    expect((await attempt({ path })).read).toMatch(/^k7 /);
    const unclean = newPath();
    copyFileSync(path, unclean);
    expect((await attempt({ path: unclean })).read).toMatch(/^k7 /);
  });

  it("opens at once when it was closed cleanly", async () => {
    const path = newPath();
    await filled(path);
    const backend = new LmdbBackend({ path });
    expect(backend.get("k7")).toBeInstanceOf(CachedValue);
    await backend.close();
  });

  it("starts empty if the machine stopped while it was in use: it may be torn and look whole", async () => {
    const path = newPath();
    await filled(path);
    writeFileSync(`${path}-stamp`, JSON.stringify({ boot: "another boot" }));
    const { read, incidents } = await attempt({ path });
    expect(read).toBe("(miss)");
    expect(incidents).toEqual(["torn"]);
    await filled(path);
    expect((await attempt({ path })).read).toMatch(/^k7 /);
  });

  it("is kept over a restart of the machine if it was closed cleanly", async () => {
    const path = newPath();
    await filled(path);
    const stamp = JSON.parse(readFileSync(`${path}-stamp`, "utf8")) as { clean: string };
    expect(stamp.clean).toEqual(expect.any(String));
    writeFileSync(`${path}-stamp`, JSON.stringify({ ...stamp, boot: "another boot" }));
    expect((await attempt({ path })).read).toMatch(/^k7 /);
  });

  it("serves two backends of one process, also under two names, until the last one closes", async () => {
    const path = newPath();
    const link = newPath();
    const one = new LmdbBackend({ path });
    await one.set("a", entry(1));
    symlinkSync(path, link);
    const other = new LmdbBackend({ path: link });
    expect(((await other.get("a")) as CachedValue).payload).toBe(1);
    await one.close();
    await other.set("a", entry(2));
    expect(((await other.get("a")) as CachedValue).payload).toBe(2);
    await other.close();
    expect((await attempt({ path })).read).toBe("(miss)");
  });

  it("is not opened with two maximum sizes in one process", async () => {
    const path = newPath();
    const one = new LmdbBackend({ path });
    await one.get("a");
    const other = new LmdbBackend({ path, maxSize: "2mb" });
    expect(() => other.get("a")).toThrow(/maxSize/);
    await other.close();
    expect(await one.get("a")).toBe(NO_VALUE);
    await one.close();
  });

  it("can be used again right after it was closed", async () => {
    const path = newPath();
    for (let round = 0; round < 5; round += 1) {
      const backend = new LmdbBackend({ path });
      await backend.set(`k${round}`, entry(round));
      const closing = backend.close();
      const next = new LmdbBackend({ path });
      expect(((await next.get(`k${round}`)) as CachedValue).payload).toBe(round);
      await closing;
      await next.close();
    }
  });
});
