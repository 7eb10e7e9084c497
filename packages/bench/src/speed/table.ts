import { duration, median, ratioOf } from "../statistics.ts";
import type { Rounds } from "./run-worker.ts";

/** A table of ratios to the first row: the middle of the rounds, their spread, and the time itself. */
export function ratioTable(rounds: Rounds): string {
  const operations = [...new Set([...rounds.values()].flatMap((row) => Object.keys(row)))];
  const [base] = rounds.values();
  const lines = [["", ...operations], operations.length === 0 ? [] : ["---", ...operations.map(() => "---")]];
  for (const [name, row] of rounds) {
    const cells = operations.map((operation) => {
      const figures = row[operation];
      if (figures === undefined) return "–";
      const time = duration(median(figures));
      const floor = base?.[operation];
      if (floor === undefined || floor === figures) return time;
      const { middle, least, most } = ratioOf(figures, floor);
      return `**${middle.toFixed(2)}** (${least.toFixed(2)}–${most.toFixed(2)}) ${time}`;
    });
    lines.push([name, ...cells]);
  }
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
