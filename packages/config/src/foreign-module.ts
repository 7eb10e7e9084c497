/** A module whose options only it knows: a file of the application, or `npm:` and the name of a package. */
export type ForeignModule = `./${string}` | `../${string}` | `/${string}` | `file:${string}` | `npm:${string}`;

const foreign = /^(\.\.?\/|\/|file:|npm:)/;

export function isForeignModule(use: string): boolean {
  return foreign.test(use);
}
