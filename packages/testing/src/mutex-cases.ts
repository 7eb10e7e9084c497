import assert from "node:assert/strict";
import { type Awaitable, type CacheMutex, isCacheError, LockError } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { failureOf } from "./harness.ts";
import { settled } from "./manual-clock.ts";

/** What the mutex kit needs. */
export interface MutexHarness {
  /** A new lock object for the key; all of one harness lock the same thing. Keys are new in each case. */
  mutex(key: string): Awaitable<CacheMutex>;
  /** As {@link BackendHarness.settle}. */
  readonly settle?: () => Awaitable<unknown>;
}

/** What a {@link CacheMutex} promises (the numbers are rows of dogpile.cache's own test suite). */
export const mutexCases: readonly ConformanceCase<MutexHarness>[] = [
  {
    name: "free, taken, refused to a second try, released, free again (100)",
    run: async (harness) => {
      const mutex = await harness.mutex("m100");
      assert.equal(await mutex.locked(), false);
      assert.equal(await mutex.acquire(), true);
      assert.equal(await mutex.locked(), true);
      assert.equal(await mutex.acquire(false), false);
      await mutex.release();
      assert.equal(await mutex.locked(), false);
      assert.equal(await mutex.acquire(false), true);
      await mutex.release();
    },
  },
  {
    name: "another object of the key is refused, and sees it locked",
    run: async (harness) => {
      const [one, other] = [await harness.mutex("m-other"), await harness.mutex("m-other")];
      await one.acquire();
      assert.equal(await other.acquire(false), false);
      assert.equal(await other.locked(), true);
      await one.release();
      assert.equal(await other.acquire(false), true);
      assert.equal(await one.acquire(false), false);
      await other.release();
    },
  },
  {
    name: "locks of different keys don't meet",
    run: async (harness) => {
      const [one, other] = [await harness.mutex("m-a"), await harness.mutex("m-b")];
      await one.acquire();
      assert.equal(await other.acquire(false), true);
      await one.release();
      assert.equal(await other.locked(), true);
      await other.release();
    },
  },
  {
    name: "five workers, five rounds: never two inside, all get their turn (102)",
    run: async (harness) => {
      let inside = 0;
      let rounds = 0;
      const worker = async () => {
        for (let round = 0; round < 5; round += 1) {
          const mutex = await harness.mutex("m102");
          assert.equal(await mutex.acquire(), true);
          inside += 1;
          assert.equal(inside, 1, "two workers hold the lock");
          await (harness.settle ?? settled)();
          assert.equal(inside, 1, "two workers hold the lock");
          inside -= 1;
          rounds += 1;
          await mutex.release();
        }
      };
      await Promise.all(Array.from({ length: 5 }, worker));
      assert.equal(rounds, 25);
      assert.equal(await (await harness.mutex("m102")).locked(), false);
    },
  },
  {
    name: "whoever has the object may release it, from another asynchronous context too (113)",
    run: async (harness) => {
      const mutex = await harness.mutex("m113");
      await mutex.acquire();
      await Promise.resolve().then(() => mutex.release());
      assert.equal(await mutex.locked(), false);
    },
  },
  {
    name: "releasing what is not held fails loudly (115)",
    run: async (harness) => {
      const [holder, stranger] = [await harness.mutex("m115"), await harness.mutex("m115")];
      await refusedRelease(stranger, "of a free lock");
      await holder.acquire();
      await refusedRelease(stranger, "of somebody else's lock");
      assert.equal(await holder.locked(), true);
      await holder.release();
      await refusedRelease(holder, "a second time");
    },
  },
  {
    name: "odd keys can be locked",
    run: async (harness) => {
      for (const key of ["", "{a}{}", "a\0b", "🗺️", "__proto__", " "]) {
        const mutex = await harness.mutex(key);
        assert.equal(await mutex.acquire(false), true, JSON.stringify(key));
        assert.equal(await (await harness.mutex(key)).acquire(false), false, JSON.stringify(key));
        await mutex.release();
      }
    },
  },
];

async function refusedRelease(mutex: CacheMutex, what: string): Promise<void> {
  const error = await failureOf(() => mutex.release(), `a release ${what}`);
  assert(
    isCacheError(error) && error.code === new LockError("").code,
    `a release ${what} failed with ${String(error)}`,
  );
}
