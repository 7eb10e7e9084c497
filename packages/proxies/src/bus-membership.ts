import {
  type Awaitable,
  type Bus,
  type BusLink,
  type Clock,
  isPromiseLike,
  randomId,
  type Timer,
  textOf,
  withDeadline,
} from "@cascata/core";
import { type BusMessage, type BusMessageKind, type BusNotice, decodeMessage, encodeMessage } from "./bus-message.ts";
import { BusRoll } from "./bus-roll.ts";

/** How a {@link BusMembership} behaves. */
export interface BusPace {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Nothing heard for so long: silence. Each member says at least three times as often that it is there. */
  readonly silenceMs: number;
  /** How long anybody waits for the bus to take a notice. */
  readonly deadlineMs: number;
}

/** Who is told what a {@link BusMembership} hears. */
export interface MembershipListener {
  /** What another member tells, once, in its order. `number` counts that member's notices. */
  notice(from: string, number: number, notice: BusNotice): void;
  silent(reason: string): void;
  resumed(): void;
  uncertain(reason: string): void;
  report(what: string, error?: unknown): void;
}

/**
 * One membership of a bus that may lose messages, or stop working, without telling.
 *
 * It knows what it has missed: each member counts its notices and says in heartbeats how many there were. It knows that it
 * hears at all by its own words, which come back: it is live while the last one that did is younger than the bound. A
 * member that vanishes without a word may have told something on its way; it is doubted once, and forgotten.
 *
 * A notice that the bus does not take is not kept: the others notice the gap, which is all that it could bring about.
 */
export class BusMembership {
  readonly id: string = randomId();
  readonly #pace: BusPace;
  readonly #listener: MembershipListener;
  readonly #roll = new BusRoll();
  readonly #sending = new Set<PromiseLike<void>>();
  #link: BusLink | undefined;
  #told = 0;
  /** When the last own word was said that has come back. */
  #heardAt = Number.NEGATIVE_INFINITY;
  /** When the last own word was said. */
  #saidAt = Number.NEGATIVE_INFINITY;
  /** Own words that were said up to then prove nothing any more. */
  #deafAt = Number.NEGATIVE_INFINITY;
  /** Since when own words come back. */
  #hearsSince = Number.NEGATIVE_INFINITY;
  #live = false;
  /** What is to be said of the time until it is live. */
  #doubt: string | undefined = "started";
  /** The bus has failed since it was live. */
  #failing = false;
  /** When the last word was said that the bus did not take in time: nobody waits until it is known to work again. */
  #slowAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #answer: Timer | undefined;
  #closed = false;

  constructor(pace: BusPace, listener: MembershipListener) {
    this.#pace = pace;
    this.#listener = listener;
    this.#beat();
  }

  get live(): boolean {
    return this.#live;
  }

  get heardAt(): number {
    return this.#heardAt;
  }

  /** Tells everybody else. Answers its number, and waits, but not for long, until the bus has it. Never rejects. */
  tell(notice: BusNotice): { readonly number: number; readonly taken: Awaitable<void> } {
    this.#told += 1;
    return { number: this.#told, taken: this.#send("notice", notice) };
  }

  /** Something may have been missed, whoever noticed it. */
  doubt(reason: string): void {
    if (this.#closed) return;
    if (this.#live) this.#listener.uncertain(reason);
    else this.#doubt ??= reason;
  }

  /** Says good-bye, waits for the bus within the bound, and leaves nothing behind. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#answer?.cancel();
    void this.#send("bye");
    this.#closed = true;
    this.#live = false;
    const { clock, deadlineMs, bus } = this.#pace;
    if (this.#sending.size > 0)
      await withDeadline(Promise.allSettled(this.#sending), deadlineMs, clock, `leaving ${bus.name}`).catch(() => []);
    await this.#link?.close();
  }

  #beat(): void {
    const { clock, silenceMs } = this.#pace;
    this.#timer = clock.schedule(() => this.#beat(), silenceMs / 3);
    const now = clock.now();
    if (this.#live && now - this.#heardAt > silenceMs) this.#deafen(`nothing came back for ${silenceMs} ms`);
    if (this.#roll.forgetLapsed(this.#heardAt, this.#hearsSince, silenceMs)) {
      this.doubt("a process is gone without a word");
      this.#comeAlive();
    }
    if (this.#closed) return;
    this.#join();
    void this.#send(this.#live ? "beat" : "hello");
  }

  #join(): void {
    if (this.#link !== undefined) return;
    try {
      this.#link = this.#pace.bus.join({
        message: (text) => this.#message(text),
        silent: (reason) => this.#fail(reason),
        lost: (reason) => this.doubt(reason),
      });
    } catch (error) {
      this.#fail(textOf(error), error);
    }
  }

  #message(text: string): void {
    if (this.#closed) return;
    const message = decodeMessage(text);
    if (message === undefined) this.#listener.report("unreadable message on the bus");
    else if (message.from === this.id) this.#echo(message);
    else this.#hear(message);
  }

  #echo({ at }: BusMessage): void {
    if (at <= this.#deafAt) return;
    if (this.#heardAt <= this.#deafAt) this.#hearsSince = this.#pace.clock.now();
    this.#heardAt = Math.max(this.#heardAt, at);
    this.#comeAlive();
  }

  #hear(message: BusMessage): void {
    const { isNews, isGap } = this.#roll.hear(message, this.#pace.clock.now());
    if (isGap) this.doubt("messages were lost");
    if (isNews && message.notice !== undefined) this.#listener.notice(message.from, message.number, message.notice);
    if (this.#closed) return;
    if (message.kind === "hello") this.#answerSoon();
    this.#comeAlive();
  }

  /** One answer for all who ask: after an outage everybody does. */
  #answerSoon(): void {
    const { clock, silenceMs } = this.#pace;
    this.#answer ??= clock.schedule(() => {
      this.#answer = undefined;
      void this.#send("beat");
    }, silenceMs / 30);
  }

  #comeAlive(): void {
    const { clock, silenceMs } = this.#pace;
    if (this.#live || this.#closed || !this.#roll.isComplete) return;
    if (this.#heardAt <= this.#deafAt || clock.now() - this.#heardAt > silenceMs) return;
    const doubt = this.#doubt;
    this.#live = true;
    this.#failing = false;
    this.#doubt = undefined;
    if (doubt === undefined) this.#listener.resumed();
    else this.#listener.uncertain(doubt);
  }

  #deafen(reason: string): void {
    this.#deafAt = this.#saidAt;
    this.#roll.awaitAll();
    if (!this.#live) return;
    this.#live = false;
    this.#listener.silent(reason);
  }

  /** What the bus does not take, or can't be heard of, is told once until it works again. */
  #fail(reason: string, error?: unknown): void {
    if (this.#closed) return;
    const isFirst = !this.#failing;
    this.#failing = true;
    this.#deafen(reason);
    if (isFirst) this.#listener.report("the bus can't be reached", error ?? new Error(reason));
  }

  #send(kind: BusMessageKind, notice?: BusNotice): Awaitable<void> {
    const { clock, deadlineMs, bus } = this.#pace;
    // Never the same twice: an own word that comes back says exactly which one it is.
    this.#saidAt = Math.max(clock.now(), this.#saidAt + 2 ** -12);
    const text = encodeMessage({
      from: this.id,
      kind,
      number: this.#told,
      at: this.#saidAt,
      ...(notice && { notice }),
    });
    let taken: Awaitable<void>;
    try {
      taken = this.#link?.send(text);
    } catch (error) {
      this.#fail(textOf(error), error);
      return;
    }
    if (!isPromiseLike(taken)) return;
    const sent = taken.then(
      () => void this.#sending.delete(sent),
      (error: unknown) => {
        this.#sending.delete(sent);
        this.#fail(textOf(error), error);
      },
    );
    this.#sending.add(sent);
    if (this.#failing || this.#heardAt < this.#slowAt) return;
    const what = `${bus.name}: taking a message`;
    return withDeadline(sent, deadlineMs, clock, what).catch((error: unknown) => this.#isSlow(error));
  }

  #isSlow(error: unknown): void {
    if (this.#closed || this.#heardAt < this.#slowAt) return;
    this.#slowAt = this.#saidAt;
    this.#listener.report("the bus is slow", error);
  }
}
