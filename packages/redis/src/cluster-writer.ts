import type { CreationFailure, WriteOutcome } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import { doneScript, intentScript, slotStoreScript } from "./cluster-scripts.ts";
import { type Body, writeFailure } from "./codec.ts";
import { failureText } from "./failure-text.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import { orderOf, revisionText } from "./order.ts";
import { isLate, refusedTicket, timeIn } from "./scripted-writer.ts";
import type { ServerClock } from "./server-clock.ts";
import type { Writer, WriteTerms } from "./writer.ts";

/** What a notice of intent gave. */
interface Intent {
  readonly stored: WriteOutcome;
  readonly revision: string;
  /** The number of its notice; '' where nothing was announced. */
  readonly number: string;
}

/** What a notice says beside that a change is over: what a fill has replaced, or how a creation has failed. */
interface Told {
  readonly keys: readonly string[];
  readonly failure?: CreationFailure | undefined;
  readonly sender?: string | undefined;
  readonly deadline?: number | undefined;
}

const newer: WriteOutcome = Object.freeze({ status: "refused", why: "newer" });
/** How much longer than the sender's deadline receivers hold back. */
const marginMs = 250;

/**
 * Writes in a Redis Cluster: the intent, with its order, in the slot of the count and the feed; then each key in its own
 * slot, all at once; then that it is done. From intent until done, or until the sender's deadline and a margin, receivers
 * neither serve nor fill the keys from nearer tiers. Where the count cannot be reached nothing is stored; deletes are still
 * carried out, and not confirmed.
 */
export class ClusterWriter implements Writer {
  readonly #line: Line;
  readonly #space: KeySpace;
  readonly #serverClock: ServerClock;
  readonly #feedLength: string;

  constructor(line: Line, space: KeySpace, serverClock: ServerClock, feedLength: number) {
    this.#line = line;
    this.#space = space;
    this.#serverClock = serverClock;
    this.#feedLength = String(feedLength);
  }

  async store(bodies: readonly Body[], terms: WriteTerms): Promise<readonly WriteOutcome[]> {
    const deadline = this.#line.until(terms.deadline);
    // What a fill under a lease replaces is only known when it is stored.
    const told = terms.ticket === undefined ? bodies.map(({ valueKey }) => valueKey) : [];
    const intent = await this.#intend(told, terms, deadline);
    if (intent instanceof Failed) {
      const failure = writeFailure(intent);
      return bodies.map(() => failure);
    }
    const replies = await Promise.all(
      bodies.map((body) => this.#storeOne(body, intent.revision, terms.ticket, deadline)),
    );
    const outcomes = bodies.map((body, index) => outcomeOf(replies[index], body, intent));
    const keysOf = (...words: readonly number[]) =>
      bodies.filter((_, index) => words.includes(replies[index] as number)).map(({ valueKey }) => valueKey);
    const filled = keysOf(2, 5);
    const replaced = keysOf(4, 5);
    if (replaced.length === 0) {
      this.done(intent.number, filled);
      return outcomes;
    }
    const answer = await this.#tellDone(intent.number, filled, { keys: replaced, sender: terms.sender, deadline });
    if (!(answer instanceof Failed)) return outcomes;
    // Others hold what was replaced and will not hear of it, unless this counts as a change that is still to be confirmed.
    const unheard: WriteOutcome = { status: "unknown", error: answer.error };
    return outcomes.map((outcome, index) => (replaced.includes(bodies[index]?.valueKey ?? "") ? unheard : outcome));
  }

  async remove(valueKeys: readonly string[], terms: WriteTerms): Promise<readonly WriteOutcome[]> {
    const deadline = this.#line.until(terms.deadline);
    const intent = await this.#intend(valueKeys, terms, deadline);
    const what = valueKeys.length === 1 ? "delete" : "deleteMulti";
    const outcomes = await Promise.all(
      valueKeys.map(async (key): Promise<WriteOutcome> => {
        const args = ["UNLINK", key, `${key}:lease`];
        const reply = await this.#line.ask({ what, keyCount: valueKeys.length, args, key, deadline });
        if (reply instanceof Failed) return writeFailure(reply);
        return intent instanceof Failed ? writeFailure(intent) : intent.stored;
      }),
    );
    if (!(intent instanceof Failed)) this.done(intent.number, []);
    return outcomes;
  }

  /** Tells, behind the answer, that a change is over and whom it serves. Should that fail, receivers wait out the margin. */
  done(number: string, filled: readonly string[], failure?: CreationFailure): void {
    if (number !== "" || filled.length > 0) void this.#tellDone(number, filled, { keys: [], failure });
  }

  async #tellDone(number: string, filled: readonly string[], told: Told): Promise<Answer> {
    if (this.#feedLength === "0") return 0;
    const { order, feed } = this.#space;
    const { keys, sender = "", deadline, failure } = told;
    const args = [this.#feedLength, number, filled.join("\n"), sender, keys.join("\n"), failureText(failure)];
    const about = { what: "announce", keyCount: filled.length + keys.length, key: order, deadline };
    return await this.#line.run(doneScript, [order, feed], args, about);
  }

  async #intend(told: readonly string[], terms: WriteTerms, deadline: number): Promise<Intent | Failed> {
    const { order, feed } = this.#space;
    const over = String(Math.ceil(deadline - this.#line.now() + marginMs));
    const args = [this.#feedLength, terms.sender ?? "", over, told.join("\n")];
    const about = { what: "announce", keyCount: told.length, key: order, deadline };
    const reply = await this.#line.run(intentScript, [order, feed], args, about);
    if (reply instanceof Failed) return reply;
    const [epoch, seq, number] = reply as unknown[];
    const revision = orderOf(epoch, seq);
    return {
      stored: Object.freeze({ status: "stored", revision }),
      revision: revisionText(revision),
      number: told.length > 0 && this.#feedLength !== "0" ? String(number) : "",
    };
  }

  async #storeOne(body: Body, revision: string, ticket: string | undefined, deadline: number): Promise<Answer> {
    const reply = await this.#tryOne(body, revision, ticket, deadline);
    if (!isLate(reply)) return reply;
    const again = await this.#tryOne(body, revision, ticket, deadline);
    return isLate(again) ? new Failed(this.#line.tooLate("set"), true, true) : again;
  }

  async #tryOne(body: Body, revision: string, ticket: string | undefined, deadline: number): Promise<Answer> {
    const { valueKey: key, lifeMs, content } = body;
    const due = String(this.#serverClock.deadline(deadline));
    const args = [revision, due, ticket ?? "", String(lifeMs), content];
    const askedAt = this.#line.now();
    const reply = await this.#line.run(slotStoreScript, [key], args, { what: "set", keyCount: 1, key, deadline });
    if (isLate(reply)) this.#serverClock.measured(askedAt, timeIn(reply));
    if (reply instanceof Failed && reply.code === "OOM" && ticket === undefined) {
      await this.#line.ask({ what: "delete", keyCount: 1, args: ["UNLINK", key], key, deadline });
    }
    return reply;
  }
}

function outcomeOf(reply: Answer, { instead }: Body, intent: Intent): WriteOutcome {
  if (reply instanceof Failed) return writeFailure(reply);
  if (reply === 0) return refusedTicket;
  return reply === 3 ? newer : (instead ?? intent.stored);
}
