import type { LeaseRequest, Order } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import type { EpochCandidate } from "./epoch.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import { headsScript, leaseScript } from "./scripts.ts";

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

/** How values are read: one command however many keys, unless they are spread over a cluster. */
export class Reader {
  readonly #line: Line;
  readonly #space: KeySpace;
  readonly #epoch: EpochCandidate;
  readonly #oneCommand: boolean;

  constructor(line: Line, space: KeySpace, epoch: EpochCandidate, oneCommand: boolean) {
    this.#line = line;
    this.#space = space;
    this.#epoch = epoch;
    this.#oneCommand = oneCommand;
  }

  /** Bytes, null or a {@link Failed}. */
  one(key: string, deadline: number | undefined): Promise<Answer> {
    const valueKey = this.#space.valueKey(key);
    return this.#line.ask({ what: "get", keyCount: 1, args: ["GET", valueKey], key: valueKey, deadline });
  }

  /** The same, aligned with the keys, which must differ. */
  async many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const valueKeys = keys.map((key) => this.#space.valueKey(key));
    const about = { what: "getMulti", keyCount: keys.length, deadline };
    if (!this.#oneCommand) {
      return await Promise.all(valueKeys.map((key) => this.#line.ask({ ...about, args: ["GET", key], key })));
    }
    const answer = await this.#line.ask({ ...about, args: ["MGET", ...valueKeys] });
    return answer instanceof Failed ? keys.map(() => answer) : (answer as unknown[]);
  }

  /** Reads, and leases what is absent or rejected, in one step. The keys must differ. */
  async leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers> {
    const { order, feed } = this.#space;
    const scriptKeys = [order, feed, ...keys.map((key) => this.#space.valueKey(key))];
    const args = [this.#epoch.name, "0", lease.token, String(Math.max(1, Math.ceil(lease.ms)))];
    for (const key of keys) args.push(rejected(lease.rejects?.get(key)));
    const about = { what: keys.length === 1 ? "get" : "getMulti", keyCount: keys.length, deadline };
    const reply = await this.#line.run(leaseScript, scriptKeys, args, about);
    if (reply instanceof Failed) return { keys: keys.map(() => ({ answer: reply })) };
    const [epoch, seq, ...found] = reply as unknown[];
    return {
      order: this.#epoch.order(epoch, seq),
      keys: keys.map((_, index) => leasedAnswer(found[index * 2], Number(found[index * 2 + 1]))),
    };
  }

  /** The first bytes of each value, empty where there is none; aligned with the keys. */
  async heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const valueKeys = keys.map((key) => this.#space.valueKey(key));
    const about = { what: "revisions", keyCount: keys.length, deadline };
    const reply = await this.#line.run(headsScript, valueKeys, [], about);
    return reply instanceof Failed ? keys.map(() => reply) : (reply as unknown[]);
  }
}

function leasedAnswer(answer: Answer, said: number): LeasedAnswer {
  if (said === 0) return { answer };
  return { answer, lease: said === 1 ? { granted: true } : { granted: false, holderMs: -1 - said } };
}

/** A revision as the head spells it. */
function rejected(rejects: Order | "any" | undefined): string {
  if (rejects === undefined) return "";
  return rejects === "any" ? "*" : `${rejects.epoch.padEnd(12, ".")} ${String(rejects.seq).padStart(16, "0")}`;
}
