import type { Check } from "./check.ts";
import type { Figures } from "./figures.ts";
import { cellDegrees, centreOf } from "./grid.ts";
import { leastPopulation } from "./requests.ts";
import { bytes, count, duration, share, table } from "./text.ts";

export interface Opening {
  readonly attribution: string;
  readonly cities: number;
  readonly chain: string;
  readonly diskPath: string;
  readonly diskBytes: number;
  readonly requests: number;
  readonly seed: number;
}

/** What is said before the work starts. */
export function openingText(opening: Opening): string {
  const { attribution, cities, chain, diskPath, diskBytes, requests, seed } = opening;
  const state = diskBytes > 0 ? `${bytes(diskBytes)} from an earlier run, a warm start` : "no file yet, a cold start";
  return [
    `Reverse geocoder: which city is nearest to the centre of this ${cellDegrees}° grid cell?`,
    attribution,
    `Creator:  a plain scan over ${count(cities)} cities, no index`,
    `Chain:    ${chain}`,
    `Disk:     ${diskPath}: ${state}`,
    `Requests: ${count(requests)} from places in cities of ${count(leastPopulation)} people or more, by population (seed ${seed})`,
    "",
  ].join("\n");
}

/** The table and what follows from it. */
export function closingText(figures: Figures, check: Check): string {
  return ["", tierTable(figures), "", ...totals(figures), ...checkLines(figures, check), ...ending(figures)].join("\n");
}

function tierTable({ sources, requests }: Figures): string {
  const head = ["answered by", "requests", "share", "median", "p99", "bytes"];
  const rows = sources.map(({ source, requests: answered, medianMs, p99Ms, answerBytes }) => [
    source,
    count(answered),
    share(answered, requests),
    duration(medianMs ?? Number.NaN),
    duration(p99Ms ?? Number.NaN),
    bytes(answerBytes),
  ]);
  const all = sources.reduce((sum, { answerBytes }) => sum + answerBytes, 0);
  rows.push(["all", count(requests), share(requests, requests), "", "", bytes(all)]);
  return table(head, rows);
}

function totals({ totalMs, creatorAlone, requests, cells }: Figures): string[] {
  const { searchMs, measuredSearches, estimatedMs, timesAsLong } = creatorAlone;
  const ratio = timesAsLong >= 10 ? count(timesAsLong) : timesAsLong.toFixed(1);
  return [
    `Total: ${duration(totalMs)} for ${count(requests)} requests in ${count(cells)} cells.`,
    `The creator alone would have taken about ${duration(estimatedMs)}, ${ratio} times as long: ${count(requests)} scans of ` +
      `${duration(searchMs)}, the mean of ${count(measuredSearches)} scans timed in this run.`,
  ];
}

function checkLines({ check: { checked, wrong } }: Figures, check: Check): string[] {
  if (wrong === 0) return [`Checked: ${count(checked)} of the answers against the uncached search, all equal.`];
  const shown = check.wrong.slice(0, 5).map(({ cell, got, expected }) => {
    const { lat, lon } = centreOf(cell);
    return `  at ${lat}, ${lon}: got ${JSON.stringify(got)}, the search says ${JSON.stringify(expected)}`;
  });
  return [`WRONG: ${count(wrong)} of ${count(checked)} checked answers are not what the search says:`, ...shown];
}

function ending({ disk, incidents }: Figures): string[] {
  return [
    ...incidents.map(({ what, count: times }) => `Incident, ${count(times)} times: ${what}`),
    `Disk tier: ${bytes(disk.bytesAfter)}. The next run starts warm from it; \`npm start -- --fresh\` starts cold.`,
    "",
  ];
}
