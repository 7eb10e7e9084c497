import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { run } from "./run.mjs";

/**
 * Runs vitest with its own summary shown, and counts.
 * @returns {Promise<{ code: number, passed: number, failed: number, skipped: number, skips: { test: string, reason?: string }[] }>}
 *   `failed` is at least 1 whenever vitest failed for any reason; a run of no test at all is a failure
 */
export async function runVitest(args, env = process.env, options = {}) {
  const folder = mkdtempSync(join(tmpdir(), "cascata-counts-"));
  const file = join(folder, "counts.json");
  const reporters = ["--reporter=default", "--reporter=./scripts/count-reporter.mjs"];
  try {
    const all = ["run", ...reporters, ...args];
    // With CI set, a snapshot that is missing fails instead of being written.
    const { code } = await run("vitest", all, { ...options, env: { ...env, CI: "true", CASCATA_COUNTS: file } });
    let counts = { passed: 0, failed: 0, skipped: 0, skips: [] };
    try {
      counts = JSON.parse(readFileSync(file, "utf8"));
    } catch {
      // No report: vitest did not get as far as running anything, and its exit code says so.
    }
    const ranNothing = counts.passed + counts.failed === 0;
    const failed = code !== 0 || ranNothing ? Math.max(1, counts.failed) : counts.failed;
    return { ...counts, failed, code: failed > 0 ? code || 1 : 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The one line that sums a run up: `N passed, N failed`, and `, N skipped` when there are any. */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
