import {
  type Awaitable,
  andThen,
  attempt,
  type CacheBackend,
  type CallContext,
  type ChangeFeed,
  type Clock,
  ConfigurationError,
  compareOrders,
  isTimeout,
  type LeaseTable,
  type MarkTable,
  type Operation,
  type Order,
  ProxyBackend,
  type Run,
  type WriteOutcome,
} from "@cascata/core";
import { BusFeed } from "./bus-feed.ts";
import type { BusPace } from "./bus-membership.ts";
import type { BusNotice } from "./bus-message.ts";
import { EntryMarks } from "./entry-marks.ts";
import { isWrite } from "./failures.ts";

/** How long a write may take that brings no deadline of its own, and how much longer others wait to be told of its end. */
const writeMs = 1000;
const marginMs = 1000;

/** Around a store that announces nothing: announces each change on the bus before it is made, and tells what it came to. See `publish`. */
export class PublishProxy extends ProxyBackend {
  readonly #feed: BusFeed;
  readonly #clock: Clock;
  readonly #marks: MarkTable | undefined;

  constructor(proxied: CacheBackend, pace: BusPace, path = "publish") {
    super(proxied);
    if (hasNearTier(proxied)) {
      const hint = "near tiers inside of it would not be told: wrap the backend that is shared";
      throw new ConfigurationError({ path, expected: "a backend without near tiers", received: proxied.name, hint });
    }
    this.#clock = pace.clock;
    this.#feed = new BusFeed(pace, (what, error) => this.report(what, { error }));
    if (proxied.marks !== undefined) return;
    this.#marks = new EntryMarks(proxied);
    // It would take the marks as well, and with them what they say of values that are still on their way.
    Object.defineProperty(this, "clear", { value: undefined });
  }

  override get changes(): ChangeFeed {
    return this.#feed;
  }

  override get leases(): LeaseTable | undefined {
    const leases = super.leases;
    if (leases === undefined) return undefined;
    return {
      renew: (keys, token, ms) => leases.renew(keys, token, ms),
      release: (keys, token, failure) =>
        andThen(leases.release(keys, token, failure), () =>
          this.#feed.tell({ filled: keys, ...(failure !== undefined && { failure }) }),
        ),
    };
  }

  override get marks(): MarkTable {
    const table = this.#marks ?? (super.marks as MarkTable);
    return {
      put: (names, mode, at, sender) => {
        const asked = names.map((name) => ({ name, mode, at }));
        return this.#announced(
          { marks: asked },
          undefined,
          () => table.put(names, mode, at, sender),
          (marks) => ({
            marks,
            ...orderOf(marks.map(({ order }) => order)),
          }),
        );
      },
      lookup: (names) => table.lookup(names),
    };
  }

  /** What passes is not changed. */
  override get byReference(): boolean {
    return this.proxied.byReference;
  }

  protected override around<T>(
    operation: Operation,
    run: Run<T>,
    keys: readonly string[],
    context?: CallContext,
  ): Awaitable<T> {
    if (operation === "clear") return this.#announced({ all: true }, context, run, () => ({ all: true }));
    if (!isWrite(operation) || keys.length === 0) return run();
    return isFill(context) ? this.#fill(run, keys, context) : this.#write(run, keys, context);
  }

  /** Says good-bye to the others, then closes the store. */
  override async close(): Promise<void> {
    await this.#feed.close();
    await this.proxied.close();
  }

  #write<T>(run: Run<T>, keys: readonly string[], context: CallContext | undefined): Awaitable<T> {
    const what = { keys, ...senderOf(context) };
    return this.#announced(what, context, run, (answer) => {
      // What may still happen is over when its announcement is.
      if (keys.some((key) => outcomeOf(answer, key)?.status === "unknown")) return undefined;
      return { ...what, ...orderOf(keys.map((key) => revisionOf(answer, key))) };
    });
  }

  /** What a creator has made: nobody has to forget anything until it is stored. */
  #fill<T>(run: Run<T>, keys: readonly string[], context: CallContext | undefined): Awaitable<T> {
    const tell = (stored: readonly string[], answer: unknown) => {
      if (stored.length === 0) return;
      const order = orderOf(stored.map((key) => revisionOf(answer, key)));
      this.#feed.tell({ keys: stored, filled: stored, ...senderOf(context), ...order });
    };
    const answer = attempt(run, (error) => {
      tell(keys, undefined);
      throw error;
    });
    return andThen(answer, (given) => {
      tell(
        keys.filter((key) => outcomeOf(given, key)?.status !== "refused"),
        given,
      );
      return given;
    });
  }

  /**
   * Announces, makes the call, and tells what it came to. What failed for want of time may still happen, and is over when
   * its announcement is; so is what `told` knows nothing of.
   */
  #announced<T>(
    what: BusNotice,
    context: CallContext | undefined,
    run: Run<T>,
    told: (answer: T) => BusNotice | undefined,
  ): Awaitable<T> {
    const left = (context?.deadline ?? Number.POSITIVE_INFINITY) - this.#clock.now();
    const announcement = this.#feed.announce(what, (left < Number.POSITIVE_INFINITY ? left : writeMs) + marginMs);
    return andThen(announcement.taken, () => {
      const answer = attempt(run, (error) => {
        if (!isTimeout(error)) this.#feed.tell(what, announcement);
        throw error;
      });
      return andThen(answer, (given) => {
        const notice = told(given);
        if (notice !== undefined) this.#feed.tell(notice, announcement);
        return given;
      });
    });
  }
}

function hasNearTier(backend: CacheBackend): boolean {
  for (let at = backend; ; at = at.proxied) {
    if ("near" in at) return true;
    if (!(at instanceof ProxyBackend)) return false;
  }
}

function isFill(context: CallContext | undefined): boolean {
  return context?.fill === true || context?.ticket !== undefined;
}

function outcomeOf(answer: unknown, key: string): WriteOutcome | undefined {
  return answer instanceof Map ? (answer.get(key) as WriteOutcome | undefined) : (answer as WriteOutcome | undefined);
}

function revisionOf(answer: unknown, key: string): Order | undefined {
  const outcome = outcomeOf(answer, key);
  return outcome?.status === "stored" ? outcome.revision : undefined;
}

/** The latest of the orders, as a part of a notice. */
function orderOf(orders: readonly (Order | undefined)[]): { readonly order?: Order } {
  let latest: Order | undefined;
  for (const order of orders) if ((compareOrders(order, latest) ?? 1) > 0) latest = order ?? latest;
  return latest === undefined ? {} : { order: latest };
}

function senderOf(context: CallContext | undefined): { readonly sender?: string } {
  return context?.sender === undefined ? {} : { sender: context.sender };
}
