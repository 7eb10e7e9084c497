import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Figures } from "../../examples/geocoder/figures.ts";
import { describeWithServers } from "../support/needs.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { buildExamples, runExample } from "./run-example.ts";

const requests = 300;
let root: string;
let cacheDir: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "cascata-geocoder-"));
  await buildExamples();
}, 180_000);
beforeEach(() => {
  cacheDir = mkdtempSync(join(root, "run-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function geocode(...args: readonly string[]) {
  return runExample("geocoder/main", { args: ["--requests", String(requests), "--cache-dir", cacheDir, ...args] });
}

async function figures(...args: readonly string[]): Promise<Figures> {
  const { code, stdout, stderr } = await geocode("--json", ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Figures;
}

const answered = ({ sources }: Figures, name: string) => sources.find(({ source }) => source === name)?.requests;

describe("the main job", () => {
  test("cold, it creates every cell once; again, the disk answers and nothing is created", async () => {
    const cold = await figures();
    expect(cold.start).toBe("cold");
    expect(answered(cold, "creator")).toBe(cold.cells);
    expect(cold.sources.reduce((sum, one) => sum + one.requests, 0)).toBe(requests);
    expect(cold.check).toEqual({ checked: 200, wrong: 0 });
    expect(cold.disk.bytesAfter).toBeGreaterThan(0);
    expect(cold.incidents).toEqual([]);

    const warm = await figures();
    expect(warm.start).toBe("warm");
    expect(answered(warm, "creator")).toBe(0);
    expect(answered(warm, "disk")).toBe(warm.cells);
    expect(answered(warm, "memory")).toBe(requests - warm.cells);
    expect(warm.check).toEqual({ checked: 200, wrong: 0 });
    expect(warm.creatorAlone.estimatedMs).toBeCloseTo(requests * warm.creatorAlone.searchMs, 6);
  });

  test("in a pipe its output is plain text, with the attribution, the table and the check", async () => {
    const { code, stdout, stderr } = await geocode();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect(stdout).toContain("GeoNames");
    expect(stdout).toContain("CC BY 4.0");
    expect(stdout).toContain("plain scan");
    expect(stdout).toMatch(/^memory +\d/m);
    expect(stdout).toMatch(/^disk +\d/m);
    expect(stdout).toMatch(/^creator +\d/m);
    expect(stdout).toContain("200 of the answers against the uncached search, all equal");
  });

  test("--fresh starts cold and drops nothing but its own file", async () => {
    const cold = await figures();
    const neighbour = join(cacheDir, "somebody-elses.txt");
    writeFileSync(neighbour, "kept");
    const again = await figures("--fresh");
    expect(again.start).toBe("cold");
    expect(answered(again, "creator")).toBe(cold.cells);
    expect(existsSync(neighbour)).toBe(true);
  });

  test("another seed is another stream", async () => {
    await figures();
    expect(answered(await figures("--seed", "2"), "creator")).toBeGreaterThan(0);
  });

  test("a damaged disk file costs a cold start, not the run", async () => {
    writeFileSync(join(cacheDir, "geocodes.mdb"), "this is no database".repeat(1000));
    const run = await figures();
    expect(answered(run, "creator")).toBe(run.cells);
    expect(run.check.wrong).toBe(0);
    expect(answered(await figures(), "creator")).toBe(0);
  });

  test.each([
    [["--requests", "none"], "--requests takes a whole number"],
    [["--reqests", "5"], "--reqests"],
    [["--redis", "ftp://x"], "--redis takes a URL"],
  ])("%j: exit 2, the reason and the usage on standard error, nothing on standard output", async (args, reason) => {
    const { code, stdout, stderr } = await runExample("geocoder/main", { args });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(reason);
    expect(stderr).toContain("--cache-dir DIR");
  });

  test("--help", async () => {
    const { code, stdout } = await runExample("geocoder/main", { args: ["--help"] });
    expect(code).toBe(0);
    expect(stdout).toContain("--requests N");
  });

  test("a Redis that isn't there costs its deadline, not the run", async () => {
    const run = await figures("--redis", "redis://127.0.0.1:1");
    expect(answered(run, "creator")).toBe(run.cells);
    expect(answered(run, "redis")).toBe(0);
    expect(run.check.wrong).toBe(0);
    expect(run.incidents.length).toBeGreaterThan(0);
    expect(run.totalMs).toBeLessThan(15_000);
  });
});

describeWithServers(["redis-server"], "the main job with Redis beneath", () => {
  test("a new machine finds in Redis what another has created", async () => {
    await using server = await startRedisServer();
    const first = await figures("--redis", server.url);
    expect(answered(first, "creator")).toBe(first.cells);
    const second = await figures("--fresh", "--redis", server.url);
    expect(answered(second, "creator")).toBe(0);
    expect(answered(second, "redis")).toBe(second.cells);
    expect(second.incidents).toEqual([]);
  });
});
