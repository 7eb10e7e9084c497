import { type City, radians } from "./cities.ts";
import type { Point } from "./grid.ts";

/** Requests come from cities with so many inhabitants or more; all cities can be the answer. */
export const leastPopulation = 100_000;

const peoplePerSquareKm = 6000;
const kmPerDegree = 111.2;

/** Numbers from 0 up to 1, the same ones for the same seed. The generator is Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * An endless stream of places that people ask about: a city is drawn with its population as the weight, and a point in
 * it from a normal distribution as wide as a city of that size at a common density. The same seed gives the same stream.
 * @throws RangeError when no city has {@link leastPopulation}
 */
export function* requestedPoints(cities: readonly City[], seed: number): Generator<Point, never> {
  const random = seededRandom(seed);
  const sources = cities.filter(({ population }) => population >= leastPopulation);
  if (sources.length === 0) throw new RangeError(`no city has ${leastPopulation} inhabitants`);
  let total = 0;
  const sums = sources.map(({ population }) => (total += population));
  while (true) {
    const source = sources[firstAbove(sums, random() * total)] as City;
    yield around(source, random);
  }
}

/** The index of the first of ascending `sums` that is above `value`. */
function firstAbove(sums: readonly number[], value: number): number {
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A point in the city: Box-Muller with half of the city's radius as the deviation. */
function around(source: City, random: () => number): Point {
  const radiusKm = Math.sqrt(source.population / peoplePerSquareKm / Math.PI);
  const km = Math.sqrt(-2 * Math.log(1 - random())) * (radiusKm / 2);
  const angle = 2 * Math.PI * random();
  const lat = source.lat + (km * Math.sin(angle)) / kmPerDegree;
  const lon = source.lon + (km * Math.cos(angle)) / kmPerDegree / Math.cos(radians(source.lat));
  return { lat: Math.min(90, Math.max(-90, lat)), lon: ((((lon + 180) % 360) + 360) % 360) - 180 };
}
