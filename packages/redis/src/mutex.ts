import { randomBytes } from "node:crypto";
import { type CacheMutex, type Clock, LockError } from "@cascata/core";
import { Failed } from "./answer.ts";
import type { Line } from "./line.ts";
import { lockScript, unlockScript } from "./lock-scripts.ts";
import type { ResolvedLockOptions } from "./options.ts";
import type { Script } from "./scripts.ts";

/**
 * A lock over one key in Redis. Each acquisition has an owner token of its own, and only that can release it: a holder
 * whose time has run out cannot free the next one's lock. A call that Redis does not answer rejects.
 */
export class RedisMutex implements CacheMutex {
  readonly #line: Line;
  readonly #clock: Clock;
  readonly #lockKey: string;
  readonly #options: ResolvedLockOptions;
  #owner: string | undefined;

  constructor(line: Line, clock: Clock, lockKey: string, options: ResolvedLockOptions) {
    this.#line = line;
    this.#clock = clock;
    this.#lockKey = lockKey;
    this.#options = options;
  }

  async acquire(wait = true): Promise<boolean> {
    const { sleepMs, blockingMs, timeoutMs } = this.#options;
    const owner = randomBytes(12).toString("base64url");
    const life = timeoutMs === Number.POSITIVE_INFINITY ? "0" : String(Math.max(1, Math.ceil(timeoutMs)));
    const giveUpAt = this.#clock.now() + blockingMs;
    return await this.#line.held(async () => {
      for (;;) {
        if (await this.#take(owner, life)) {
          this.#owner = owner;
          return true;
        }
        if (!wait || this.#clock.now() + sleepMs > giveUpAt) return false;
        await new Promise<void>((resolve) => this.#clock.schedule(resolve, sleepMs * (0.5 + Math.random() / 2)));
      }
    });
  }

  /** @throws LockError when its time has run out, too */
  async release(): Promise<void> {
    const owner = this.#owner;
    if (owner === undefined) throw new LockError("the lock is not held by this object");
    const freed = await this.#ask(unlockScript, [owner], "unlock");
    this.#owner = undefined;
    if (freed !== 1) throw new LockError("the lock was no longer held: its time has run out");
  }

  async locked(): Promise<boolean> {
    const args = ["EXISTS", this.#lockKey];
    const reply = await this.#line.ask({ what: "locked", keyCount: 1, args, key: this.#lockKey });
    if (reply instanceof Failed) throw reply.error;
    return reply === 1;
  }

  async #take(owner: string, life: string): Promise<boolean> {
    try {
      return (await this.#ask(lockScript, [owner, life], "lock")) === 1;
    } catch (error) {
      // It may have been taken, and only the reply was lost. Where this fails too, its time runs out.
      void this.#line.run(unlockScript, [this.#lockKey], [owner], { what: "unlock", keyCount: 1, key: this.#lockKey });
      throw error;
    }
  }

  async #ask(script: Script, args: readonly string[], what: string): Promise<unknown> {
    const reply = await this.#line.run(script, [this.#lockKey], args, { what, keyCount: 1, key: this.#lockKey });
    if (reply instanceof Failed) throw reply.error;
    return reply;
  }
}
