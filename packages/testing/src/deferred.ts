/** A promise that a test settles by hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
  /** Whether it was resolved or rejected. */
  readonly settled: boolean;
}

/** Makes a {@link Deferred}. A rejection that nobody awaits is not reported as unhandled. */
export function deferred<T = void>(): Deferred<T> {
  let settled = false;
  const hooks: { resolve?: (value: T) => void; reject?: (reason: unknown) => void } = {};
  const promise = new Promise<T>((resolve, reject) => {
    hooks.resolve = resolve;
    hooks.reject = reject;
  });
  promise.catch(() => undefined);
  return {
    promise,
    resolve(value) {
      settled = true;
      hooks.resolve?.(value);
    },
    reject(reason) {
      settled = true;
      hooks.reject?.(reason);
    },
    get settled() {
      return settled;
    },
  };
}
