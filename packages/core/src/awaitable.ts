/** A value now, or a promise of it. A memory tier answers now; whoever calls takes the synchronous path when it can. */
export type Awaitable<T> = T | PromiseLike<T>;

/** Whether the answer comes later. */
export function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as Partial<PromiseLike<T>>).then === "function";
}

/**
 * Goes on with the value, at once when it is there already. What `next` throws rejects only when the value came later.
 * (Not named `then`: import() would take the module for a promise.)
 */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromiseLike(value) ? value.then(next) : next(value);
}

/** What `run` gives, or what `fail` makes of its error, thrown or rejected. */
export function attempt<T, F>(run: () => Awaitable<T>, fail: (error: unknown) => F): Awaitable<T | F> {
  try {
    const result = run();
    return isPromiseLike(result) ? result.then(undefined, fail) : result;
  } catch (error) {
    return fail(error);
  }
}

/** All values, at once when they are there already. */
export function allOf<T>(items: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return items.some(isPromiseLike) ? Promise.all(items) : (items as readonly T[]);
}
