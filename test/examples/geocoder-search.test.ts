import { describe, expect, test } from "vitest";
import { attribution, city, dataVersion, loadCities } from "../../examples/geocoder/cities.ts";
import { cellDegrees, cellOf, centreOf, keyOf } from "../../examples/geocoder/grid.ts";
import { nearestCity } from "../../examples/geocoder/nearest.ts";

const cities = loadCities();

describe("the data", () => {
  test("are the GeoNames cities of the package, with plausible positions", () => {
    expect(cities.length).toBeGreaterThan(130_000);
    expect(cities.every(({ lat, lon }) => Math.abs(lat) <= 90 && Math.abs(lon) <= 180)).toBe(true);
    const paris = cities.find(({ name, country }) => name === "Paris" && country === "FR");
    expect(paris?.lat).toBeCloseTo(48.853, 2);
    expect(paris?.lon).toBeCloseTo(2.349, 2);
  });

  test("are attributed as their licence asks, with the version that is installed", () => {
    const version = dataVersion();
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(attribution(version)).toContain("GeoNames");
    expect(attribution(version)).toContain("CC BY 4.0");
    expect(attribution(version)).toContain(version);
  });
});

describe("the grid", () => {
  test.each([
    { lat: 0, lon: 0 },
    { lat: 48.85341, lon: 2.3488 },
    { lat: -33.86785, lon: 151.20732 },
    { lat: -54.80191, lon: -68.30295 },
  ])("the centre of a point's cell is at most half a cell away: $lat, $lon", (point) => {
    const centre = centreOf(cellOf(point));
    expect(Math.abs(centre.lat - point.lat)).toBeLessThanOrEqual(cellDegrees / 2);
    expect(Math.abs(centre.lon - point.lon)).toBeLessThanOrEqual(cellDegrees / 2);
    expect(cellOf(centre)).toEqual(cellOf(point));
  });

  test("longitudes wrap around and latitudes end at the poles", () => {
    expect(cellOf({ lat: 0, lon: 180 })).toEqual(cellOf({ lat: 0, lon: -180 }));
    expect(cellOf({ lat: 0, lon: -180.1 })).toEqual(cellOf({ lat: 0, lon: 179.9 }));
    expect(cellOf({ lat: 90, lon: 0 }).row).toBe(180 / cellDegrees - 1);
    expect(cellOf({ lat: -90, lon: 0 }).row).toBe(0);
  });

  test("a key names the data, the grid and the cell", () => {
    expect(keyOf({ row: 12, column: 345 }, "3.1.0")).toBe(`geonames-3.1.0/${cellDegrees}/12/345`);
  });
});

describe("the search", () => {
  test.each([
    ["Paris", 48.8566, 2.3522],
    ["Kyoto", 35.0116, 135.7681],
    ["Ushuaia", -54.8, -68.3],
  ])("finds %s", (name, lat, lon) => {
    const found = nearestCity(cities, { lat, lon });
    expect(found.name).toBe(name);
    expect(found.km).toBeLessThan(5);
  });

  test("measures along the sphere", () => {
    const pole = city(1, "Pole", "XX", 1, 90, 0);
    const quarter = (2 * Math.PI * 6371.0088) / 4;
    expect(nearestCity([pole], { lat: 0, lon: 77 }).km).toBeCloseTo(quarter, 1);
  });

  test("looks across the date line", () => {
    const near = city(1, "Near", "XX", 1, 0, 179.9);
    const far = city(2, "Far", "XX", 1, 0, -175);
    expect(nearestCity([far, near], { lat: 0, lon: -179.9 }).name).toBe("Near");
  });

  test("takes the first of two equally near ones", () => {
    const twins = [city(1, "First", "XX", 1, 1, 0), city(2, "Second", "XX", 1, -1, 0)];
    expect(nearestCity(twins, { lat: 0, lon: 0 }).name).toBe("First");
  });

  test("agrees with the distance by the law of cosines for every city", () => {
    const point = { lat: 21.3, lon: -157.9 };
    const rad = Math.PI / 180;
    const cosine = (lat: number, lon: number) =>
      Math.sin(lat * rad) * Math.sin(point.lat * rad) +
      Math.cos(lat * rad) * Math.cos(point.lat * rad) * Math.cos((lon - point.lon) * rad);
    const most = cities.reduce((best, one) => (cosine(one.lat, one.lon) > cosine(best.lat, best.lon) ? one : best));
    const found = nearestCity(cities, point);
    expect(found.id).toBe(most.id);
    expect(found.km).toBeCloseTo(6371.0088 * Math.acos(cosine(most.lat, most.lon)), 1);
  });

  test("without any city there is no answer", () => {
    expect(() => nearestCity([], { lat: 0, lon: 0 })).toThrow(RangeError);
  });
});
