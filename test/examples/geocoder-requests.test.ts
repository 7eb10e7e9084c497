import { describe, expect, test } from "vitest";
import { city, loadCities } from "../../examples/geocoder/cities.ts";
import { cellOf, keyOf, type Point } from "../../examples/geocoder/grid.ts";
import { leastPopulation, requestedPoints, seededRandom } from "../../examples/geocoder/requests.ts";

function take(points: Iterator<Point>, count: number): Point[] {
  return Array.from({ length: count }, () => points.next().value as Point);
}

describe("requests", () => {
  const cities = loadCities();

  test("the same seed gives the same stream, another one another", () => {
    const once = take(requestedPoints(cities, 7), 500);
    expect(take(requestedPoints(cities, 7), 500)).toEqual(once);
    expect(take(requestedPoints(cities, 8), 500)).not.toEqual(once);
  });

  test("are real places on the globe, with the skew of where people live", () => {
    const points = take(requestedPoints(cities, 1), 20_000);
    expect(points.every(({ lat, lon }) => Math.abs(lat) <= 90 && lon >= -180 && lon < 180)).toBe(true);
    const perCell = new Map<string, number>();
    for (const point of points) {
      const key = keyOf(cellOf(point), "x");
      perCell.set(key, (perCell.get(key) ?? 0) + 1);
    }
    const sorted = [...perCell.values()].sort((a, b) => b - a);
    const topTenth = sorted.slice(0, Math.ceil(sorted.length / 10)).reduce((sum, one) => sum + one, 0);
    expect(topTenth / points.length).toBeGreaterThan(0.4);
  });

  test("a city is drawn as often as its population weighs, a small one never", () => {
    const three = [
      city(1, "Large", "XX", 3 * leastPopulation, 40, 0),
      city(2, "Less", "XX", leastPopulation, -40, 0),
      city(3, "Small", "XX", leastPopulation - 1, 0, 90),
    ];
    const points = take(requestedPoints(three, 3), 10_000);
    const north = points.filter(({ lat }) => lat > 20).length;
    const south = points.filter(({ lat }) => lat < -20).length;
    expect(north + south).toBe(10_000);
    expect(north / 10_000).toBeCloseTo(0.75, 1);
  });

  test("without a large city there is no stream", () => {
    expect(() => requestedPoints([], 1).next()).toThrow(RangeError);
  });

  test("the random numbers lie from 0 up to 1 and are spread evenly", () => {
    const random = seededRandom(42);
    const numbers = Array.from({ length: 10_000 }, random);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toBeCloseTo(0.5, 1);
  });
});
