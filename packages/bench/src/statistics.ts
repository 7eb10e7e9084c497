/** The middle of the numbers; of an even number of them what lies between the two in the middle. NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[(sorted.length >> 1) - 1] ?? Number.NaN) + upper) / 2;
}

/** One figure's ratio to another one, round by round: the middle, and the least and the most. */
export interface Ratio {
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

/** Round by round, since what else the machine does falls on the two of one round alike. */
export function ratioOf(rounds: readonly number[], base: readonly number[]): Ratio {
  const ratios = rounds.flatMap((one, round) => {
    const other = base[round];
    return other === undefined ? [] : [one / other];
  });
  return { middle: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** Nanoseconds in a unit that is easy to read. */
export function duration(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(0)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toPrecision(3)} µs` : `${(ns / 1e6).toPrecision(3)} ms`;
}
