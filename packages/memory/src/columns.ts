/**
 * How long a column must be that is to hold `slot`: twice as long as it was, as often as it takes. Columns that lie beside
 * one another begin with lengths of their own, so that no insert has to double two of them: a million entries' worth of one
 * takes two milliseconds, and of all of them more than fifteen.
 *
 * @param length what it is now, or is to begin with
 * @param limit most slots that will be in use at once, or `Infinity`
 */
export function roomFor(slot: number, length: number, limit: number): number {
  let longer = length;
  while (longer <= slot) longer *= 2;
  return Math.min(limit, longer);
}

/** The column itself if it holds `slot`; otherwise its continuation in a longer one of its kind. */
export function withRoom<Column extends Uint8Array | Int32Array | Float64Array>(
  column: Column,
  Kind: new (length: number) => Column,
  slot: number,
  limit: number,
): Column {
  if (slot < column.length) return column;
  const longer = new Kind(roomFor(slot, column.length, limit));
  longer.set(column);
  return longer;
}
