import { duration, median, ratioOf } from "../statistics.ts";
import type { Row } from "./run-worker.ts";

/** A table of ratios to the floor: the middle of all pairs, their spread, and the time itself. */
export function ratioTable(rows: readonly Row[]): string {
  const operations = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const lines = [
    ["", ...operations],
    ["---", ...operations.map(() => "---")],
  ];
  for (const { name, figures, base } of rows) {
    const cells = operations.map((operation) => cell(figures[operation], base[operation], name === "floor"));
    lines.push([name, ...cells]);
  }
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function cell(figures: readonly number[] | undefined, base: readonly number[] | undefined, isFloor: boolean): string {
  if (figures === undefined || figures.length === 0) return "–";
  const time = duration(median(figures));
  if (isFloor || base === undefined || base.length === 0) return time;
  const { middle, least, most } = ratioOf(figures, base);
  return `**${middle.toFixed(2)}** (${least.toFixed(2)}–${most.toFixed(2)}) ${time}`;
}
