/**
 * How much of a test that could run for hours is run: the sample in `npm test`, the whole in `npm run proof`, which sets
 * `CASCATA_SCALE=whole`.
 */
export function scaled<T>(sample: T, whole: T): T {
  return process.env["CASCATA_SCALE"] === "whole" ? whole : sample;
}
