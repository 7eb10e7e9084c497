import { hasMethod, isObject } from "./keyv-like.ts";

/**
 * Listens to the `error` events of a Keyv, of its store and of the store's client, from before the first call until
 * {@link ErrorWatch.stop}. It serves two ends: an event that nobody listens to ends the process, and many adapters answer a
 * failed read like a miss and tell of the failure by an event only.
 */
export class ErrorWatch {
  readonly #detach: (() => void)[] = [];
  #count = 0;
  #last: unknown;

  constructor(source: unknown, tell: (error: unknown) => void) {
    const listener = (error: unknown) => {
      // One failure passes through store and Keyv as the same object.
      const again = this.#last === error && isObject(error);
      this.#count += 1;
      this.#last = error;
      if (!again) tell(error);
    };
    for (const emitter of emittersOf(source)) {
      emitter.on("error", listener);
      this.#detach.push(() => void (emitter.off ?? emitter.removeListener)?.call(emitter, "error", listener));
    }
  }

  /** How many events there have been: what a call compares before and after. */
  get count(): number {
    return this.#count;
  }

  /** What the latest event carried. */
  get last(): unknown {
    return this.#last;
  }

  stop(): void {
    for (const detach of this.#detach.splice(0)) detach();
  }
}

interface Emitter {
  on(event: "error", listener: (error: unknown) => void): unknown;
  off?(event: "error", listener: (error: unknown) => void): unknown;
  removeListener?(event: "error", listener: (error: unknown) => void): unknown;
}

/** The thing itself, its store, its store's store (Keyv 6 puts a bridge before an adapter of major 5), and their clients. */
function emittersOf(source: unknown): ReadonlySet<Emitter> {
  const found = new Set<Emitter>();
  let next = source;
  for (let depth = 0; depth < 3 && isObject(next); depth += 1) {
    for (const candidate of [next, next["client"]]) {
      if (hasMethod(candidate, "on")) found.add(candidate as unknown as Emitter);
    }
    next = next["store"];
  }
  return found;
}
