// `verify`: everything that must hold before a change lands. Each step says how it went; all of them run even when one
// fails; the last line counts the tests, where each other failing step counts as one more failure.
import process from "node:process";
import { pruneEmitted } from "./lib/prune.mjs";
import { main, run, secondsSince } from "./lib/run.mjs";
import { setUp } from "./lib/setup.mjs";
import { countsLine, runVitest } from "./lib/vitest.mjs";

const steps = [
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  // Before what needs the emitted files: type-aware lint, the tests of the emitted entries, packing.
  ["types and build", "tsc", ["-b"]],
  ["promise rules", "oxlint", ["--type-aware", "--deny-warnings"]],
  ["packed packages (publint, attw)", process.execPath, ["scripts/check-packages.mjs"]],
  ["unused files, exports and dependencies", "knip", []],
  ["size budget", process.execPath, ["scripts/size.mjs"]],
];

function say(failed, name, start) {
  console.log(`${failed ? "FAILED" : "ok    "} ${name} (${secondsSince(start)})\n`);
}

/** A skip without a reason is a failure: nobody could tell whether it may stay. */
function reportSkips(skips) {
  for (const { test, reason } of skips) console.log(`skipped: ${test}: ${reason ?? "NO REASON GIVEN"}`);
  return skips.filter(({ reason }) => reason === undefined).length;
}

await main(async () => {
  // Whoever called may have set up already; then this is quick, and `npm run verify` alone works as well.
  const env = { ...process.env, ...(await setUp()) };
  pruneEmitted();
  const failedSteps = [];
  for (const [name, command, args] of steps) {
    const start = performance.now();
    const { code } = await run(command, args, { env });
    if (code !== 0) failedSteps.push(name);
    say(code !== 0, name, start);
  }
  const start = performance.now();
  const counts = await runVitest([], env);
  const unexplained = reportSkips(counts.skips);
  say(counts.code !== 0 || unexplained > 0, "tests", start);
  for (const name of failedSteps) console.log(`FAILED ${name}: see above`);
  const failed = counts.failed + unexplained + failedSteps.length;
  console.log(countsLine({ ...counts, failed }));
  return failed > 0 ? 1 : 0;
});
