import type { LeaseRequest, Order } from "@cascata/core";
import { type Answer, Failed } from "./answer.ts";
import { headsScript, leaseScript } from "./data-scripts.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import type { Lines } from "./lines.ts";
import { orderOf, rejectedText } from "./order.ts";

/** What a leased read said of a key that was absent or rejected. */
export interface LeaseSaid {
  readonly granted: boolean;
  readonly holderMs?: number;
  readonly holder?: string;
}

/** What a leased read brought. */
export interface LeasedAnswers {
  /** Absent where no lease was asked for. */
  readonly order?: Order;
  /** One for each key. */
  readonly answers: readonly Answer[];
  /** By the key's place. */
  readonly leases: ReadonlyMap<number, LeaseSaid>;
}

/** How values are read. What is given is aligned with the keys. */
export interface Reader {
  /** Bytes, null or a {@link Failed}. */
  one(key: string, deadline: number | undefined): Promise<Answer>;
  /** The same of each. */
  many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]>;
  /** And a lease where the key is absent or rejected, in one step for each key. The keys must differ. */
  leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers>;
  /** The first bytes of each value, empty where there is none. */
  heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]>;
}

const noLeases: ReadonlyMap<number, LeaseSaid> = new Map();

/** Reads from one server: one command or script, however many keys. */
export class SingleReader implements Reader {
  readonly #lines: Lines;
  readonly #space: KeySpace;

  constructor(lines: Lines, space: KeySpace) {
    this.#lines = lines;
    this.#space = space;
  }

  async one(key: string, deadline: number | undefined): Promise<Answer> {
    const valueKey = this.#space.valueKey(key);
    const lines = this.#lines;
    const line = lines.isBig(valueKey) ? lines.big : lines.small;
    // Not MGET for one key: that gives nothing for a key of another type, and says nothing of it.
    const answer = await line.ask({ what: "get", keyCount: 1, args: ["GET", valueKey], deadline });
    if (Buffer.isBuffer(answer)) lines.saw(valueKey, answer.length);
    return answer;
  }

  async many(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    if (keys.length === 1) return [await this.one(keys[0] as string, deadline)];
    const valueKeys = this.#space.valueKeys(keys);
    const lines = this.#lines;
    const answers = lines.anyBig
      ? await this.#split(valueKeys, deadline)
      : await this.#read(lines.small, valueKeys, deadline);
    for (let index = 0; index < answers.length; index += 1) {
      const answer = answers[index];
      if (Buffer.isBuffer(answer)) lines.saw(valueKeys[index] ?? "", answer.length);
    }
    return answers;
  }

  /** What is known to be big is read on its own line, at the same time. */
  async #split(valueKeys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const lines = this.#lines;
    const big = valueKeys.filter((key) => lines.isBig(key));
    if (big.length === 0) return await this.#read(lines.small, valueKeys, deadline);
    const small = valueKeys.filter((key) => !lines.isBig(key));
    const [bigAnswers, smallAnswers] = await Promise.all([
      this.#read(lines.big, big, deadline),
      this.#read(lines.small, small, deadline),
    ]);
    const found = new Map<string, Answer>();
    for (const [index, key] of big.entries()) found.set(key, bigAnswers[index]);
    for (const [index, key] of small.entries()) found.set(key, smallAnswers[index]);
    return valueKeys.map((key) => found.get(key));
  }

  async #read(line: Line, valueKeys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const [only] = valueKeys;
    if (only === undefined) return [];
    // Not MGET for one key: that gives nothing for a key of another type, and says nothing of it.
    if (valueKeys.length === 1) return [await line.ask({ what: "get", keyCount: 1, args: ["GET", only], deadline })];
    const args = ["MGET", ...valueKeys];
    const answer = await line.ask({ what: "getMulti", keyCount: valueKeys.length, args, deadline });
    return answer instanceof Failed ? valueKeys.map(() => answer) : (answer as unknown[]);
  }

  async leased(keys: readonly string[], lease: LeaseRequest, deadline: number | undefined): Promise<LeasedAnswers> {
    const { order, feed } = this.#space;
    const valueKeys = this.#space.valueKeys(keys);
    const lines = this.#lines;
    const line = lines.anyBig && valueKeys.some((key) => lines.isBig(key)) ? lines.big : lines.small;
    const rejects = keys.map((key) => rejectedText(lease.rejects?.get(key)));
    const [first = ""] = rejects;
    const args = [lease.token, String(Math.max(1, Math.ceil(lease.ms)))];
    if (rejects.every((each) => each === first)) args.push(first);
    else args.push("=", ...rejects);
    const about = { what: keys.length === 1 ? "get" : "getMulti", keyCount: keys.length, deadline };
    const reply = await line.run(leaseScript, [order, feed, ...valueKeys], args, about);
    if (reply instanceof Failed) return { answers: keys.map(() => reply), leases: noLeases };
    const answers = reply as unknown[];
    const said = answers.shift();
    if (!Buffer.isBuffer(said) || said.length === 0) return { answers, leases: noLeases };
    const [words = "", ...holders] = said.toString().split("\n");
    const [epoch, seq, ...each] = words.split(" ");
    const leases = new Map<number, LeaseSaid>();
    for (const one of each) {
      const [place, word] = one.split(":");
      leases.set(Number(place) - 1, word === "1" ? granted : refused(Number(word), holders.shift()));
    }
    return { order: orderOf(epoch, seq), answers, leases };
  }

  async heads(keys: readonly string[], deadline: number | undefined): Promise<readonly Answer[]> {
    const valueKeys = this.#space.valueKeys(keys);
    const about = { what: "revisions", keyCount: keys.length, deadline };
    const reply = await this.#lines.small.run(headsScript, valueKeys, [], about);
    return reply instanceof Failed ? keys.map(() => reply) : (reply as unknown[]);
  }
}

const granted: LeaseSaid = Object.freeze({ granted: true });

function refused(word: number, holder: string | undefined): LeaseSaid {
  return { granted: false, holderMs: -1 - word, ...(holder !== undefined && { holder }) };
}

/** What a lease script's word for a key means, and the token of the lease that stands in the way. */
export function leaseSaid(word: number, holder?: string): LeaseSaid {
  return word === 1 ? granted : refused(word, holder);
}
