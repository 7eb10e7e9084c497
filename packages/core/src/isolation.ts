import { copyValue } from "./copy-value.ts";
import { deepFreeze } from "./deep-freeze.ts";

/** How values are kept apart from what callers do with them. */
export const isolations = ["share", "freeze", "clone"] as const;
export type Isolation = (typeof isolations)[number];

/** A region's way of keeping what is cached apart from what callers hold. */
export class Isolator {
  readonly #isolation: Isolation;
  /** Objects of which nothing can be changed any more. */
  readonly #frozen = new WeakSet<object>();

  constructor(isolation: Isolation) {
    this.#isolation = isolation;
  }

  /**
   * A caller's value as it is stored, or a stored one as a caller is given it: the object itself, or a copy. What can't be
   * frozen (Map, Set, Date, bytes) is copied for each.
   */
  apart(value: unknown): unknown {
    if (this.#isolation === "share" || !isObject(value) || this.#frozen.has(value)) return value;
    return this.#isolation === "clone" ? copyValue(value) : this.#freeze(copyValue(value));
  }

  #freeze(value: object): object {
    if (deepFreeze(value)) this.#frozen.add(value);
    return value;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
