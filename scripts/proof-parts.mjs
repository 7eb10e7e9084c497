// What `npm run proof` runs, in order: one line a part. A part is either a list of vitest arguments or a script that prints
// Markdown, which is kept in docs/proof/<name>.md. Tests keep their own tables with test/support/keep-table.ts. `runtimes`:
// it runs on other runtimes too, which are found or fetched before.

/** @type {readonly { name: string, title: string, vitest?: readonly string[], node?: readonly string[], runtimes?: boolean, env?: Record<string, string> }[]} */
export const parts = [
  {
    name: "tests",
    title: "Every test, its matrices, seeds and times whole",
    vitest: ["--project", "tests"],
    runtimes: true,
    env: { CASCATA_SCALE: "whole" },
  },
  {
    name: "runtimes",
    title: "The packed packages on every supported version of Node, Bun, Deno and Chromium",
    vitest: ["--project", "tests", "test/runtimes"],
    runtimes: true,
  },
  {
    name: "chaos",
    title: "Real processes and real servers under faults, whole",
    vitest: ["--project", "chaos"],
    env: { CASCATA_SCALE: "whole" },
  },
  {
    name: "outage-rivals",
    title: "Redis away: Cascata beside other caches",
    node: ["packages/bench/dist/outage/main.js"],
  },
  {
    name: "simulation",
    title: "Ten thousand seeds of a simulated cluster",
    node: ["scripts/simulate.mjs", "--seeds", "10000"],
  },
  {
    name: "simulation-guards",
    title: "Each guard taken out, and the seed that notices",
    node: ["scripts/simulate.mjs", "--mutants", "5000"],
  },
  {
    name: "node-versions",
    title: "Every test on each supported version of Node",
    node: ["scripts/node-versions.mjs"],
  },
];
