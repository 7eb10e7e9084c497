// A vitest reporter that writes what was counted to the file named in CASCATA_COUNTS, for the scripts that sum up.
import { writeFileSync } from "node:fs";
import process from "node:process";

/**
 * `failed` includes test files that could not be collected and errors outside any test; `skips` has each skipped test with
 * its reason, `undefined` where none was given.
 */
export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, skips: [] };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state, note } = test.result();
        if (state === "passed" || state === "failed") counts[state]++;
        else {
          counts.skipped++;
          counts.skips.push({ test: `${module.relativeModuleId} > ${test.fullName}`, reason: note });
        }
      }
    }
    const file = process.env["CASCATA_COUNTS"];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}
