import type { WriteOutcome } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import { type Body, writeFailure } from "./codec.ts";
import { deleteScript, storeScript } from "./data-scripts.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import type { Lines } from "./lines.ts";
import { orderOf } from "./order.ts";
import type { RedisArgument } from "./redis-like.ts";
import type { ServerClock } from "./server-clock.ts";
import type { Writer, WriteTerms } from "./writer.ts";

/** The ticket that the write carried is no longer good. */
export const refusedTicket: WriteOutcome = Object.freeze({ status: "refused", why: "ticket" });

/**
 * Writes that count, break leases and announce, each one script: one round trip, and for other clients one step. A store
 * that the server gets to see after its deadline is refused there: a server that was paused carries out what waits in its
 * sockets, and an old value must not come over a newer one.
 */
export class ScriptedWriter implements Writer {
  readonly #line: Line;
  readonly #lines: Lines;
  readonly #space: KeySpace;
  readonly #serverClock: ServerClock;
  readonly #feedLength: string;

  constructor(lines: Lines, space: KeySpace, serverClock: ServerClock, feedLength: number) {
    this.#line = lines.small;
    this.#lines = lines;
    this.#space = space;
    this.#serverClock = serverClock;
    this.#feedLength = String(feedLength);
  }

  async store(bodies: readonly Body[], terms: WriteTerms): Promise<readonly WriteOutcome[]> {
    const deadline = this.#line.until(terms.deadline);
    let reply = await this.#store(bodies, terms, deadline);
    // Our picture of the server's clock was wrong; what it said has corrected it.
    if (isLate(reply)) reply = await this.#store(bodies, terms, deadline);
    if (isLate(reply)) {
      const error = new Failed(this.#line.tooLate("set"), true, true);
      return bodies.map(() => writeFailure(error));
    }
    if (reply instanceof Failed) return await this.#notStored(bodies, terms, reply);
    const [epoch, seq, stored] = textOf(reply).split(" ");
    const done: WriteOutcome = Object.freeze({ status: "stored", revision: orderOf(epoch, seq) });
    return bodies.map(({ instead }, index) =>
      stored === undefined || stored[index] === "1" ? (instead ?? done) : refusedTicket,
    );
  }

  async remove(valueKeys: readonly string[], terms: WriteTerms): Promise<readonly WriteOutcome[]> {
    const about = { what: valueKeys.length === 1 ? "delete" : "deleteMulti", keyCount: valueKeys.length };
    const keys = [this.#space.order, this.#space.feed];
    for (const valueKey of valueKeys) keys.push(valueKey);
    const args = [this.#feedLength, terms.sender ?? ""];
    const reply = await this.#line.run(deleteScript, keys, args, { ...about, deadline: terms.deadline });
    if (reply instanceof Failed) {
      const failure = writeFailure(reply);
      return valueKeys.map(() => failure);
    }
    const [epoch, seq] = textOf(reply).split(" ");
    const done: WriteOutcome = Object.freeze({ status: "stored", revision: orderOf(epoch, seq) });
    return valueKeys.map(() => done);
  }

  async #store(bodies: readonly Body[], terms: WriteTerms, deadline: number): Promise<Answer> {
    const keys = [this.#space.order, this.#space.feed];
    const due = String(this.#serverClock.deadline(deadline));
    const life = bodies[0]?.lifeMs;
    const shared = bodies.every(({ lifeMs }) => lifeMs === life);
    const args: RedisArgument[] = [
      this.#feedLength,
      terms.sender ?? "",
      due,
      terms.ticket ?? "",
      shared ? String(life) : "",
    ];
    let size = 0;
    for (const body of bodies) {
      keys.push(body.valueKey);
      size += body.size;
      this.#lines.saw(body.valueKey, body.size);
      if (!shared) args.push(String(body.lifeMs));
      args.push(body.content);
    }
    const about = { what: bodies.length === 1 ? "set" : "setMulti", keyCount: bodies.length, deadline };
    const askedAt = this.#line.now();
    const reply = await this.#lines.forBytes(size).run(storeScript, keys, args, about);
    if (isLate(reply)) this.#serverClock.measured(askedAt, timeIn(reply));
    return reply;
  }

  /**
   * A server that is out of memory still takes a deletion. The value that could not be replaced goes, as well as that can
   * be done; the outcome stays what it was.
   */
  async #notStored(bodies: readonly Body[], terms: WriteTerms, failed: Failed): Promise<readonly WriteOutcome[]> {
    const outcome = writeFailure(failed);
    if (failed.code === "OOM" && terms.ticket === undefined) {
      await this.remove(
        bodies.map(({ valueKey }) => valueKey),
        terms,
      );
    }
    return bodies.map(() => outcome);
  }
}

/** A script's text, which comes as bytes. */
function textOf(reply: Answer): string {
  return Buffer.isBuffer(reply) ? reply.toString("latin1") : String(reply);
}

/** The server's time in such a refusal, as `TIME` gives it. */
export function timeIn(late: Buffer): readonly string[] {
  return late.toString("latin1").split(" ").slice(1);
}

/** Whether the server has refused a store as too late, and said its time. */
export function isLate(reply: Answer): reply is Buffer {
  return Buffer.isBuffer(reply) && reply.length < 40 && reply.toString("latin1", 0, 5) === "late ";
}
