import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { backendCases } from "@cascata/testing";
import { afterAll, beforeAll, describe, expect, type TestContext, test } from "vitest";
import { keepTable, type TableRow } from "../support/keep-table.ts";
import { buildProgram, bundleForBrowsers } from "./build.ts";
import { runInChromium } from "./chromium.ts";
import { installPacked } from "./install.ts";
import type { RuntimeReport } from "./program/main.ts";
import { type Binary, chromium, findRuntime, runCommand, runtimes } from "./runtimes.ts";

/** For nine thousand cases on a machine that has other work. */
const longMs = 180_000;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "cascata-runtimes-")));
const rows: TableRow[] = [];
let program: { readonly main: string; readonly suite: string };
let browserFolder: string;
/** The cases that the first runtime was given: every other one must be given the same. */
let names: readonly string[] | undefined;

beforeAll(async () => {
  await installPacked(folder);
  program = await buildProgram(folder);
  browserFolder = dirname(await bundleForBrowsers(folder, program.main));
}, longMs);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  keepTable("runtimes", "The packed packages' kits, and a region's whole life, in each runtime", rows);
});

/** The runtime's binary; without one the test is skipped, and the table says so. */
function binaryOf(runtime: Binary, place: string, { skip }: TestContext): string {
  const found = findRuntime(runtime);
  if ("binary" in found) return found.binary;
  rows.push({ runtime: place, passed: "not run", failed: "", skipped: "" });
  return skip(found.missing);
}

/** Every case ran, none failed, and the packages left no trace in the runtime. */
function expectGood(text: string): void {
  const report = JSON.parse(text) as RuntimeReport & { readonly crashed?: string };
  expect(report.crashed).toBeUndefined();
  const { agent, passed, skipped, failed, addedGlobals, channels } = report;
  const all = [...passed, ...Object.keys(skipped), ...Object.keys(failed)].sort();
  const [skips, failures] = [Object.keys(skipped).length, Object.keys(failed).length];
  rows.push({ runtime: agent, passed: passed.length, failed: failures, skipped: skips });
  expect(failed).toEqual({});
  expect([addedGlobals, channels]).toEqual([[], 0]);
  names ??= all;
  expect(all).toEqual(names);
}

describe.each(runtimes)("$name", (runtime) => {
  test("passes every case, and ends by itself", { timeout: longMs }, async (context) => {
    const binary = binaryOf(runtime, runtime.name, context);
    expectGood((await runCommand(folder, binary, [...runtime.run, program.main])).stdout);
  });
});

describe.each(runtimes.filter(({ test }) => test !== undefined))("the test runner of $name", (runtime) => {
  test("runs a kit and counts its skips", { timeout: longMs }, async ({ skip }) => {
    const found = findRuntime(runtime);
    if ("missing" in found) return skip(found.missing);
    const { stdout, stderr } = await runCommand(folder, found.binary, [...(runtime.test ?? []), program.suite]);
    // `# pass 104` in Node, `104 pass` in Bun, which reports on the other stream.
    const text = stdout + stderr;
    const passed = /^# pass (\d+)|^\s*(\d+) pass$/m.exec(text);
    const skipped = /^# skipped (\d+)|^\s*(\d+) skip$/m.exec(text);
    // Two are skipped: the one that was asked for, and the one that needs to count operations.
    expect([passed?.find(Number), skipped?.find(Number)]).toEqual([String(backendCases.length - 2), "2"]);
  });
});

describe("Chromium", () => {
  test.concurrent.for([
    { name: "a page", place: "page", host: "localhost" },
    { name: "a Web Worker", place: "worker", host: "localhost" },
    { name: "a page without TLS", place: "page", host: "plain.test" },
  ] as const)("passes every case in $name", { timeout: longMs }, async ({ name, place, host }, context) => {
    const binary = binaryOf(chromium, `Chromium, ${name}`, context);
    expectGood(await runInChromium(binary, { folder: browserFolder, scratch: folder, place, host }));
  });
});
