import type { LeaseRequest, Order } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import { headsScript, leaseScript } from "./data-scripts.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import { orderOf, rejectedText } from "./order.ts";

/** What a leased read brought for one key. */
export interface LeasedAnswer {
  readonly answer: Answer;
  /** Absent: the key was not up for a lease. */
  readonly lease?: { readonly granted: boolean; readonly holderMs?: number };
}

/** What a leased read brought. */
export interface LeasedAnswers {
  readonly order?: Order;
  readonly keys: readonly LeasedAnswer[];
}

/** How values are read. What is given is aligned with the keys, which must differ. */
export interface Reader {
  /** Bytes, null or a {@link Failed}. */
  many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]>;
  /** The same, and a lease where the key is absent or rejected, in one step for each key. */
  leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers>;
  /** The first bytes of each value, empty where there is none. */
  heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]>;
}

/** Reads from one server: one command or script, however many keys. */
export class SingleReader implements Reader {
  readonly #line: Line;
  readonly #space: KeySpace;

  constructor(line: Line, space: KeySpace) {
    this.#line = line;
    this.#space = space;
  }

  async many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const [only] = keys;
    if (only !== undefined && keys.length === 1) {
      // Not MGET: that gives nothing for a key of another type, and says nothing of it.
      return [await this.#line.ask({ what: "get", keyCount: 1, args: ["GET", this.#space.valueKey(only)], deadline })];
    }
    const args = ["MGET", ...keys.map((key) => this.#space.valueKey(key))];
    const answer = await this.#line.ask({ what: "getMulti", keyCount: keys.length, args, deadline });
    return answer instanceof Failed ? keys.map(() => answer) : (answer as unknown[]);
  }

  async leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers> {
    const { order, feed } = this.#space;
    const scriptKeys = [order, feed, ...keys.map((key) => this.#space.valueKey(key))];
    const args = [lease.token, String(Math.max(1, Math.ceil(lease.ms)))];
    for (const key of keys) args.push(rejectedText(lease.rejects?.get(key)));
    const about = { what: keys.length === 1 ? "get" : "getMulti", keyCount: keys.length, deadline };
    const reply = await this.#line.run(leaseScript, scriptKeys, args, about);
    if (reply instanceof Failed) return { keys: keys.map(() => ({ answer: reply })) };
    const [epoch, seq, ...found] = reply as unknown[];
    return {
      order: orderOf(epoch, seq),
      keys: keys.map((_, index) => leasedAnswer(found[index * 2], Number(found[index * 2 + 1]))),
    };
  }

  async heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const valueKeys = keys.map((key) => this.#space.valueKey(key));
    const about = { what: "revisions", keyCount: keys.length, deadline };
    const reply = await this.#line.run(headsScript, valueKeys, [], about);
    return reply instanceof Failed ? keys.map(() => reply) : (reply as unknown[]);
  }
}

/** What a lease script said of a key. */
export function leasedAnswer(answer: Answer, said: number): LeasedAnswer {
  if (said === 0) return { answer };
  return { answer, lease: said === 1 ? { granted: true } : { granted: false, holderMs: -1 - said } };
}
