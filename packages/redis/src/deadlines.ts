import { setMaxListeners } from "node:events";
import type { Clock } from "@cascata/core";

/** Something that ends by itself when its time has come. */
export interface Expiring {
  expire(): void;
}

const grainMs = 10;

/** Adding a listener to a signal looks at all that it has, so a signal is for so many at most. */
const sharersOfSignal = 32;

/** Deadlines that fall into the same ten milliseconds. */
export class Bucket {
  readonly members: Set<Expiring> = new Set();
  readonly #controllers: AbortController[] = [];
  #sharers = 0;

  /** Aborted just before the members expire. Shared by some, since making one costs more than a whole request. */
  takeSignal(): AbortSignal {
    let controller = this.#controllers.at(-1);
    if (controller === undefined || this.#sharers === sharersOfSignal) {
      controller = new AbortController();
      setMaxListeners(0, controller.signal);
      this.#controllers.push(controller);
      this.#sharers = 0;
    }
    this.#sharers++;
    return controller.signal;
  }

  /** What has not been written is taken back first, so that its own rejection still says so. */
  fire(): void {
    // Aborting a signal costs as much as a request, and mostly everybody has left by now.
    if (this.members.size === 0) return;
    const expire = (): void => {
      for (const member of this.members) member.expire();
      this.members.clear();
    };
    for (const controller of this.#controllers) controller.abort();
    if (this.#controllers.length === 0) expire();
    else setImmediate(expire);
  }
}

/**
 * The deadlines of many requests over few timers. A deadline is kept to ten milliseconds, on the late side.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #buckets = new Map<number, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The member expires at `at`, unless it leaves the bucket before. */
  add(at: number, member: Expiring): Bucket {
    const slot = Math.ceil(at / grainMs);
    let bucket = this.#buckets.get(slot);
    if (bucket === undefined) {
      bucket = new Bucket();
      this.#buckets.set(slot, bucket);
      const made = bucket;
      this.#clock.schedule(
        () => {
          this.#buckets.delete(slot);
          made.fire();
        },
        slot * grainMs - this.#clock.now(),
      );
    }
    bucket.members.add(member);
    return bucket;
  }
}
