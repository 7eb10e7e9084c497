import type { CreationFailure, LeaseRequest, LeaseTable } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import { slotLeaseScript, slotReleaseScript } from "./cluster-scripts.ts";
import type { ClusterWriter } from "./cluster-writer.ts";
import { renewScript } from "./data-scripts.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import { orderOf, rejectedText } from "./order.ts";
import { type LeasedAnswers, type LeaseSaid, leaseSaid, type Reader } from "./reader.ts";
import { countScript } from "./scripts.ts";

/** Reads in a Redis Cluster: each key at its own node, what goes to one node leaving together. */
export class ClusterReader implements Reader {
  readonly #line: Line;
  readonly #space: KeySpace;

  constructor(line: Line, space: KeySpace) {
    this.#line = line;
    this.#space = space;
  }

  one(key: string, deadline: number | undefined): Promise<Answer> {
    const valueKey = this.#space.valueKey(key);
    return this.#line.ask({ what: "get", keyCount: 1, args: ["GET", valueKey], key: valueKey, deadline });
  }

  async many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const about = { what: keys.length === 1 ? "get" : "getMulti", keyCount: keys.length, deadline };
    return await this.#each(keys, (key) => this.#line.ask({ ...about, args: ["GET", key], key }));
  }

  /** The order is asked for beside the leases: whatever it was then is a lower bound for what starts afterwards. */
  async leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers> {
    const { order, feed } = this.#space;
    const about = { what: keys.length === 1 ? "get" : "getMulti", keyCount: keys.length, deadline };
    const ms = String(Math.max(1, Math.ceil(lease.ms)));
    const leases = new Map<number, LeaseSaid>();
    const [counted, ...answers] = await Promise.all([
      this.#line.run(countScript, [order, feed], [], about),
      ...keys.map(async (callersKey, index) => {
        const key = this.#space.valueKey(callersKey);
        const args = [lease.token, ms, rejectedText(lease.rejects?.get(callersKey))];
        const reply = await this.#line.run(slotLeaseScript, [key], args, { ...about, key });
        if (reply instanceof Failed) return reply;
        const [value, said, holder] = reply as unknown[];
        if (said !== 0) leases.set(index, leaseSaid(Number(said), holder === undefined ? undefined : String(holder)));
        return value;
      }),
    ]);
    if (!Array.isArray(counted)) return { answers, leases };
    return { order: orderOf(counted[0], counted[1]), answers, leases };
  }

  async heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const about = { what: "revisions", keyCount: keys.length, deadline };
    return await this.#each(keys, async (key) => {
      const head = await this.#line.ask({ ...about, args: ["GETRANGE", key, "0", "38"], key });
      return head instanceof Failed && head.code === "WRONGTYPE" ? Buffer.alloc(0) : head;
    });
  }

  #each(keys: readonly string[], ask: (valueKey: string) => Promise<Answer>): Promise<readonly Answer[]> {
    return Promise.all(keys.map((key) => ask(this.#space.valueKey(key))));
  }
}

/** The leases of a Redis Cluster, each in its value's slot. */
export class ClusterLeases implements LeaseTable {
  readonly #line: Line;
  readonly #space: KeySpace;
  readonly #writer: ClusterWriter;

  constructor(line: Line, space: KeySpace, writer: ClusterWriter) {
    this.#line = line;
    this.#space = space;
    this.#writer = writer;
  }

  async renew(keys: readonly string[], token: string, ms: number): Promise<readonly boolean[]> {
    const life = String(Math.max(1, Math.ceil(ms)));
    return await Promise.all(
      keys.map(async (callersKey) => {
        const key = this.#space.valueKey(callersKey);
        const reply = await this.#line.run(renewScript, [key], [token, life], { what: "renew", keyCount: 1, key });
        if (reply instanceof Failed) throw reply.error;
        return (reply as unknown[])[0] === 1;
      }),
    );
  }

  async release(keys: readonly string[], token: string, failure?: CreationFailure): Promise<void> {
    const freed: string[] = [];
    const replies = await Promise.all(
      keys.map(async (callersKey) => {
        const key = this.#space.valueKey(callersKey);
        const reply = await this.#line.run(slotReleaseScript, [key], [token], { what: "release", keyCount: 1, key });
        if (reply === 2) freed.push(key);
        return reply;
      }),
    );
    this.#writer.done("", freed, failure);
    for (const reply of replies) if (reply instanceof Failed) throw reply.error;
  }
}
