import type { CachedValue, Order } from "./cached-value.ts";
import { compareOrders } from "./cached-value.ts";
import type { LeaseAnswer, LeaseRequest } from "./contexts.ts";
import { Fences, type FenceTicket } from "./fences.ts";
import { LeaseReturns } from "./lease-returns.ts";
import { readKeys } from "./read-keys.ts";
import type { RegionState } from "./region-state.ts";
import { roughBytes } from "./rough-size.ts";
import { writeKeys } from "./write-keys.ts";

interface Missed {
  readonly entry: CachedValue;
  readonly bytes: number;
}

const mostKeys = 1000;
const lookEveryMs = 20;
/** How long the feed may take to be heard again, and to tell of what happened before the lease was granted. */
const liveWithinMs = 10_000;
const heardWithinMs = 500;

/**
 * Sets that the authority missed, made good when it is back: the last one of each key, within a bound of keys and bytes.
 *
 * A missed set is first made good by a delete, as ever. Once that is confirmed the key is absent, and the value is filled
 * in as a creation would be: under a lease that is granted if nothing is there, and with its ticket, so that whatever is
 * deleted or stored from then on wins. What was changed *before* the lease is told by the feed:
 *
 *     set(k, 1) is missed here · elsewhere set(k, 2) · the delete of k is confirmed · fill of 1: older than what was there
 *
 * So a value is given up when a notice of its key comes, or a gap, at any time from the start of its set; and it is filled
 * in when the feed has been heard up to the order at which the lease was granted, and not otherwise.
 */
export class Replays {
  readonly #state: RegionState;
  readonly #maxBytes: number;
  readonly #returns: LeaseReturns;
  readonly #fences = new Fences();
  readonly #missed = new Map<string, Missed>();
  #bytes = 0;
  #turns = 0;

  private constructor(state: RegionState, maxBytes: number) {
    this.#state = state;
    this.#maxBytes = maxBytes;
    this.#returns = new LeaseReturns(state);
  }

  /** `undefined` where it can't be done safely: the authority must lease, and tell each change in the step that makes it. */
  static for(state: RegionState): Replays | undefined {
    const { changes, leases } = state.backend;
    const { replayBytes } = state.options;
    return replayBytes > 0 && leases !== undefined && changes?.atomic ? new Replays(state, replayBytes) : undefined;
  }

  /** How many keys wait to be filled in. */
  get size(): number {
    return this.#missed.size;
  }

  /** A set of the key leaves. */
  begin(key: string): FenceTicket {
    this.changed(key);
    return this.#fences.take();
  }

  /** It was answered, and there is nothing to be made good. */
  answered(ticket: FenceTicket): void {
    this.#fences.giveBack(ticket);
  }

  /** It was missed. The oldest are given up for those that come later. */
  missed(key: string, entry: CachedValue, ticket: FenceTicket): void {
    const stands = this.#fences.stands(key, ticket);
    this.#fences.giveBack(ticket);
    if (!stands) return;
    const bytes = roughBytes(entry.payload);
    if (bytes > this.#maxBytes) return;
    this.#missed.set(key, { entry, bytes });
    this.#bytes += bytes;
    for (const [oldest] of this.#missed) {
      if (this.#missed.size <= mostKeys && this.#bytes <= this.#maxBytes) break;
      this.changed(oldest);
    }
  }

  /** By anybody: what was missed before is older. */
  changed(key: string): void {
    this.#fences.break(key);
    const missed = this.#missed.get(key);
    if (missed === undefined) return;
    this.#missed.delete(key);
    this.#bytes -= missed.bytes;
  }

  /** Something of unknown extent was changed. */
  changedAll(): void {
    this.#fences.breakAll();
    this.#missed.clear();
    this.#bytes = 0;
  }

  /** The authority has confirmed that it has nothing of these keys. */
  absent(keys: readonly string[]): void {
    const missed = keys.filter((key) => this.#missed.has(key));
    if (missed.length > 0) this.#state.inBackground(this.#fill(missed), "storing what was missed");
  }

  async #fill(keys: readonly string[]): Promise<void> {
    const { backend, sender, options, freshness } = this.#state;
    if (!(await this.#within(liveWithinMs, keys, () => backend.changes?.live === true))) return this.#giveUp(keys);
    this.#turns += 1;
    const answers = new Map<string, LeaseAnswer>();
    const lease: LeaseRequest = {
      token: `${sender}.replay.${this.#turns}`,
      ms: options.leaseMs,
      answer: (key, answer) => void answers.set(key, answer),
    };
    // Near tiers are passed over, and take nothing of it.
    await readKeys(backend, keys, { judge: () => "absent", lease });
    const granted = keys.filter((key) => answers.get(key)?.granted);
    const orders = granted.map((key) => answers.get(key)?.order);
    const heard = await this.#within(heardWithinMs, granted, () => orders.every((order) => this.#hasHeard(order)));
    const ready = new Map<string, CachedValue>();
    for (const key of heard ? granted : []) {
      const missed = this.#missed.get(key);
      if (missed !== undefined && freshness.judge(key, missed.entry) === "fresh") ready.set(key, missed.entry);
    }
    this.#giveUp(keys);
    const left = granted.filter((key) => !ready.has(key));
    if (left.length > 0) this.#returns.give(left, lease.token);
    if (ready.size === 0) return;
    const outcomes = await writeKeys(backend, ready, { fill: true, ticket: lease.token, sender });
    const failed = [...ready.keys()].filter((key) => (outcomes.get(key)?.status ?? "stored") !== "stored");
    if (failed.length > 0) this.#returns.give(failed, lease.token);
  }

  /** Each is tried once: what nobody has stored by then is created by whoever asks for it. */
  #giveUp(keys: readonly string[]): void {
    for (const key of keys) this.changed(key);
  }

  #hasHeard(order: Order | undefined): boolean {
    const difference = compareOrders(this.#state.backend.changes?.position, order);
    return difference !== undefined && difference >= 0;
  }

  async #within(ms: number, keys: readonly string[], holds: () => boolean): Promise<boolean> {
    const { clock } = this.#state.options;
    for (const until = clock.now() + ms; !holds(); ) {
      if (clock.now() >= until || !keys.some((key) => this.#missed.has(key))) return false;
      await new Promise<void>((resolve) => void clock.schedule(resolve, lookEveryMs));
    }
    return true;
  }
}
