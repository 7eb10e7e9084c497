import { type Awaitable, isPromiseLike } from "./awaitable.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { CreationRequest } from "./creation.ts";
import type { Creator, CreatorContext, EntryContext } from "./creator.ts";
import { isAsyncFunction } from "./reentry.ts";
import type { Sightings } from "./sightings.ts";

/** A creator of one value as a request. A class, since it is made for every creation: no closure, no object around it. */
export class SingleRequest<T> implements CreationRequest {
  readonly options: ResolvedCreateOptions;
  readonly isAsync: boolean;
  readonly sightings: Sightings | undefined;
  readonly #creator: Creator<T>;

  constructor(creator: Creator<T>, options: ResolvedCreateOptions, sightings?: Sightings) {
    this.options = options;
    this.sightings = sightings;
    this.isAsync = isAsyncFunction(creator);
    this.#creator = creator;
  }

  create(contexts: readonly EntryContext[]): Awaitable<readonly unknown[]> {
    // Apart, so that it is called as a function of its own.
    const creator = this.#creator;
    const value: unknown = creator(contexts[0] as CreatorContext<T>);
    return isPromiseLike(value) ? alone(value) : [value];
  }
}

/** What becomes of one, as a list. */
export function alone(value: PromiseLike<unknown>): PromiseLike<readonly unknown[]> {
  return value.then((one) => [one]);
}
