import { ConfigurationError } from "./errors.ts";

type UnitOfTime = "ms" | "s" | "m" | "h" | "d" | "w";
type UnitOfSize = "b" | "kb" | "mb" | "gb" | "tb";

const unitsOfTime: Readonly<Record<UnitOfTime, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const unitsOfSize: Readonly<Record<UnitOfSize, number>> = {
  b: 1,
  kb: 1024,
  mb: 1024 ** 2,
  gb: 1024 ** 3,
  tb: 1024 ** 4,
};

/** Milliseconds, or a number with a unit: `"250ms"`, `"10s"`, `"5m"`, `"1.5h"`, `"30d"`, `"2w"`. `Infinity` is "for ever". */
export type Duration = number | `${number}${UnitOfTime}`;

/** Bytes, or a number with a unit of 1024: `"512b"`, `"4kb"`, `"10mb"`, `"2gb"`. */
export type Size = number | `${number}${UnitOfSize}`;

/** What texts said lately: a call that says `ttl: "5m"` says it each time. */
const lately = new Map<string, number>();
const mostLately = 64;

/**
 * Milliseconds of a {@link Duration}; 0 and `Infinity` are allowed.
 * @throws ConfigurationError naming `path` for a negative number, NaN, a wrong unit or another type
 */
export function durationMs(value: unknown, path: string): number {
  const known = typeof value === "string" ? lately.get(value) : undefined;
  if (known !== undefined) return known;
  const ms = measure(value, path, unitsOfTime, `milliseconds or a text like "250ms", "10s", "5m", "1h", "30d"`);
  if (typeof value === "string") {
    if (lately.size >= mostLately) lately.clear();
    lately.set(value, ms);
  }
  return ms;
}

/**
 * Bytes of a {@link Size}, rounded up.
 * @throws ConfigurationError naming `path`
 */
export function sizeBytes(value: unknown, path: string): number {
  return Math.ceil(measure(value, path, unitsOfSize, `bytes or a text like "512b", "4kb", "10mb", "2gb"`));
}

/** Milliseconds as somebody would write them: `5m`, `90s`, `1.5ms`. `Infinity` is `ever`. */
export function durationText(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return "ever";
  const units = Object.entries(unitsOfTime).reverse();
  const [unit, size] = units.find(([name, size]) => name !== "w" && ms > 0 && ms % size === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

function measure(value: unknown, path: string, units: Readonly<Record<string, number>>, expected: string): number {
  if (typeof value === "number" && value >= 0) return value;
  if (typeof value === "string") {
    const parts = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)$/i.exec(value.trim());
    const unit = parts?.[2]?.toLowerCase() ?? "";
    if (parts !== null && Object.hasOwn(units, unit)) return Number(parts[1]) * (units[unit] ?? Number.NaN);
  }
  const hint = typeof value === "string" ? meantMeasure(value, units) : undefined;
  throw new ConfigurationError({ path, expected, received: value, ...(hint && { hint: `did you mean "${hint}"?` }) });
}

/** `5 minutes` is meant for `5m`, `10 megabytes` for `10mb`. A month is no unit, and no minute. */
function meantMeasure(text: string, units: Readonly<Record<string, number>>): string | undefined {
  const [, number, word] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-z]+)/i.exec(text) ?? [];
  if (number === undefined || word === undefined) return undefined;
  const name = word.toLowerCase();
  if ("ms" in units && name.startsWith("mo")) return undefined;
  if ("ms" in units && name.startsWith("mil")) return `${number}ms`;
  const unit = Object.keys(units).find((one) => one !== "ms" && one.startsWith(name.charAt(0)));
  return unit && `${number}${unit}`;
}
