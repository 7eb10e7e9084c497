// Hit ratios beside LRU's and the optimum's: `node packages/bench/dist/hit-ratio/main.js [--json file] [--seeds 1,2] [trace file ...]`.
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Cell, measureCells } from "./cells.ts";
import { readTrace } from "./trace-file.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "string" }, seeds: { type: "string", default: "1,2,3" } },
});

const seeds = values.seeds.split(",").map(Number);
const traces = await Promise.all(positionals.map(readTrace));
const cells: Cell[] = [];

const columns = ["OPT", "LRU", "SIEVE", "adaptive", "- LRU"].map((title) => title.padStart(9)).join("");
console.log(
  `${"stream".padEnd(18)}${"entries".padStart(9)}${columns}   (hit ratio in %; adaptive: mean of ${seeds.length} seeds)`,
);
for (const cell of measureCells(traces, seeds)) {
  cells.push(cell);
  const numbers = [cell.optimum, cell.lru, cell.sieve, cell.adaptive, cell.adaptive - cell.lru];
  console.log(
    cell.stream.padEnd(18) +
      cell.capacity.toString().padStart(9) +
      numbers.map((number) => number.toFixed(1).padStart(9)).join(""),
  );
}

/** Cells where LRU is within a point of the optimum have no gap to close. */
const gaps = cells.filter((cell) => cell.optimum - cell.lru >= 1);
const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

for (const policy of ["adaptive", "sieve"] as const) {
  const closed = 100 * mean(gaps.map((cell) => (cell[policy] - cell.lru) / (cell.optimum - cell.lru)));
  const worse = cells.filter((cell) => cell[policy] < cell.lru - 0.5);
  const worst = cells.toSorted((a, b) => a[policy] - a.lru - (b[policy] - b.lru)).slice(0, 5);
  console.log(
    `\n${policy}: mean hit ratio ${mean(cells.map((cell) => cell[policy])).toFixed(2)} % (LRU ${mean(cells.map((cell) => cell.lru)).toFixed(2)}, optimum ${mean(cells.map((cell) => cell.optimum)).toFixed(2)})`,
  );
  console.log(`  gap between LRU and the optimum closed, mean of ${gaps.length} cells: ${closed.toFixed(1)} %`);
  console.log(`  more than 0.5 points below LRU: ${worse.length} of ${cells.length} cells`);
  console.log(
    `  worst: ${worst.map((cell) => `${cell.stream} @${cell.capacity} ${(cell[policy] - cell.lru).toFixed(1)}`).join(", ")}`,
  );
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ seeds, cells }, null, 2)}\n`);
