import { type City, radians } from "./cities.ts";
import type { Point } from "./grid.ts";

const earthRadiusKm = 6371.0088;

/** What the geocoder answers: plain data, so that any tier can hold it. */
export interface Answer {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly lat: number;
  readonly lon: number;
  /** From the point that was asked for, in kilometres with one decimal. */
  readonly km: number;
}

/**
 * The city nearest to a point: a plain scan over all records with the haversine formula, no index of any kind. That is
 * what makes it worth caching here. Of two equally near cities the one that comes first in the list is taken.
 * @throws RangeError when there is no city at all
 */
export function nearestCity(cities: readonly City[], point: Point): Answer {
  const lat = radians(point.lat);
  const lon = radians(point.lon);
  const latCosine = Math.cos(lat);
  let nearest: City | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of cities) {
    const halfLat = Math.sin((candidate.latRadians - lat) / 2);
    const halfLon = Math.sin((candidate.lonRadians - lon) / 2);
    const haversine = halfLat * halfLat + latCosine * candidate.latCosine * halfLon * halfLon;
    if (haversine < least) {
      least = haversine;
      nearest = candidate;
    }
  }
  if (nearest === undefined) throw new RangeError("there are no cities to search");
  const km = 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(least)));
  const { id, name, country, population } = nearest;
  return { id, name, country, population, lat: nearest.lat, lon: nearest.lon, km: Math.round(km * 10) / 10 };
}
