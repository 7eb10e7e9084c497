/** Numbers as people read them, always in English spelling, whatever the machine's language. */
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `12,345` */
export function count(value: number): string {
  return whole.format(value);
}

/** `12.3 %`; `<0.1 %` for what would look like nothing. */
export function share(part: number, all: number): string {
  const percent = all === 0 ? 0 : (100 * part) / all;
  if (percent > 0 && percent < 0.05) return "<0.1 %";
  return `${percent.toFixed(1)} %`;
}

/** Three figures and a unit: `0.82 µs`, `12.3 ms`, `4.56 s`, `3 min 20 s`, `1 h 5 min`. `–` for NaN. */
export function duration(ms: number): string {
  if (Number.isNaN(ms)) return "–";
  if (ms < 1) return `${figures(ms * 1000)} µs`;
  if (ms < 1000) return `${figures(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 100) return `${figures(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

/** `512 B`, `3.4 kB`, `12.3 MB`: units of 1000. */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? count(size) : figures(size)} ${units[unit]}`;
}

function figures(value: number): string {
  if (value >= 99.95) return count(value);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

/** Columns in line: the first to the left, all others to the right; a rule under the head. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, column) => (column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
