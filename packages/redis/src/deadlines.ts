import { setMaxListeners } from "node:events";
import type { Clock } from "@cascata/core";

/** Something that ends by itself when its time has come. */
export interface Expiring {
  expire(): void;
}

const grainMs = 10;

/** Deadlines that fall into the same ten milliseconds. */
export class Bucket {
  readonly members: Set<Expiring> = new Set();
  #controller: AbortController | undefined;

  /** Aborted just before the members expire: one signal for all, since making one costs more than a whole request. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      setMaxListeners(0, this.#controller.signal);
    }
    return this.#controller.signal;
  }

  /** What has not been written is taken back first, so that its own rejection still says so. */
  fire(): void {
    const expire = (): void => {
      for (const member of this.members) member.expire();
      this.members.clear();
    };
    if (this.#controller === undefined) expire();
    else {
      this.#controller.abort();
      setImmediate(expire);
    }
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
