import type { CreationRequest } from "./creation.ts";
import { LockError } from "./errors.ts";
import type { Flight } from "./flight.ts";
import type { CacheMutex } from "./mutex.ts";
import { isNoValue } from "./no-value.ts";
import type { Region } from "./region.ts";
import type { RegionState } from "./region-state.ts";

/**
 * Takes over the creation of a key that has a stale value, and its lock: dogpile's `async_creation_runner`. All callers
 * get the stale value meanwhile. `creator` creates *and stores* as the region would have done (`shouldCacheFn`, ttl, tags
 * and lease included) and gives the value, or throws the creator's error; it runs once, however often it is called.
 * The runner has to release `mutex`, exactly once, also if it never creates.
 */
export type AsyncCreationRunner = (
  region: Region,
  key: string,
  creator: () => Promise<unknown>,
  mutex: CacheMutex,
) => unknown;

/** The lock of a creation that was handed over. It is held from the start; whoever has the object releases it. */
class HandedMutex implements CacheMutex {
  readonly #flight: Flight;
  readonly #onRelease: () => void;
  #held = true;

  constructor(flight: Flight, onRelease: () => void) {
    this.#flight = flight;
    this.#onRelease = onRelease;
  }

  acquire(): boolean {
    throw new LockError(`the lock of ${JSON.stringify(this.#flight.givenKey)} was handed over: it is held already`);
  }

  release(): void {
    if (!this.#held) throw new LockError(`the lock of ${JSON.stringify(this.#flight.givenKey)} was released before`);
    this.#held = false;
    this.#onRelease();
  }

  locked(): boolean {
    return this.#held;
  }
}

/** What a hand-over needs of the creations. */
export interface HandOverWork {
  /** Creates and stores for one flight. */
  run(flight: Flight, request: CreationRequest): Promise<void> | undefined;
  /** The flight ends as it began: its lease is given back. */
  abandon(flight: Flight): void;
}

/** Gives one flight to the runner. What comes back is done when the lock is released and what was begun has ended. */
export function handOver(
  runner: AsyncCreationRunner,
  flight: Flight,
  request: CreationRequest,
  work: HandOverWork,
  state: RegionState,
): Promise<void> {
  return new Promise<void>((resolve) => {
    let running: Promise<unknown> | undefined;
    const failed: { error?: unknown } = {};
    const watched: CreationRequest = {
      options: request.options,
      create: async (contexts, stopper) => {
        try {
          return await request.create(contexts, stopper);
        } catch (error) {
          failed.error = error;
          throw error;
        }
      },
    };
    const create = async (): Promise<unknown> => {
      await work.run(flight, watched);
      const { entry } = await flight.outcome;
      if ("error" in failed) throw failed.error;
      return isNoValue(entry) ? entry : entry.payload;
    };
    const mutex = new HandedMutex(flight, () => {
      if (running === undefined) work.abandon(flight);
      void Promise.resolve(running).then(
        () => resolve(),
        () => resolve(),
      );
    });
    const creator = () => {
      running ??= mutex.locked() ? create() : Promise.reject(new LockError("the lock of this creation was released"));
      // A runner that only waits for the store need not handle what the creator's own callers are told.
      running.catch(() => undefined);
      return running;
    };
    const gaveUp = (error: unknown) => {
      state.events.warn(`the creation runner failed for ${JSON.stringify(flight.givenKey)}`, error);
      if (mutex.locked()) mutex.release();
    };
    try {
      Promise.resolve(runner(state.owner as Region, flight.givenKey, creator, mutex)).catch(gaveUp);
    } catch (error) {
      gaveUp(error);
    }
  });
}
