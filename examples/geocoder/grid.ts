/** Width and height of a grid cell, in degrees: about 28 km at the equator. Answers are given for a cell's centre. */
export const cellDegrees = 0.25;

const columns = 360 / cellDegrees;
const rows = 180 / cellDegrees;

/** A place in degrees. */
export interface Point {
  readonly lat: number;
  readonly lon: number;
}

/** A cell of the grid: row 0 begins at the south pole, column 0 at 180° west. */
export interface Cell {
  readonly row: number;
  readonly column: number;
}

/** The cell in which a point lies. Longitudes wrap around; latitudes end at the poles. */
export function cellOf({ lat, lon }: Point): Cell {
  const row = Math.min(rows - 1, Math.max(0, Math.floor((lat + 90) / cellDegrees)));
  const column = Math.floor((lon + 180) / cellDegrees) % columns;
  return { row, column: column < 0 ? column + columns : column };
}

/** The middle of a cell. */
export function centreOf({ row, column }: Cell): Point {
  return { lat: (row + 0.5) * cellDegrees - 90, lon: (column + 0.5) * cellDegrees - 180 };
}

/** The cache's key of a cell: it names the data, the grid and the cell. */
export function keyOf({ row, column }: Cell, version: string): string {
  return `geonames-${version}/${cellDegrees}/${row}/${column}`;
}
