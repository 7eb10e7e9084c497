import type { CreationFailure, LeaseTable } from "@cascata/core";
import { Failed } from "./answer.ts";
import { releaseScript, renewScript } from "./data-scripts.ts";
import { failureText } from "./failure-text.ts";
import type { KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";

/**
 * The leases of a Redis tier. Each stands beside its value, with an expiry of its own, and holds its owner's token and
 * whether anybody waits. A renewal or a return that fails rejects; the lease then ends by itself.
 */
export class RedisLeases implements LeaseTable {
  readonly #line: Line;
  readonly #space: KeySpace;
  readonly #feedLength: string;

  constructor(line: Line, space: KeySpace, feedLength: number) {
    this.#line = line;
    this.#space = space;
    this.#feedLength = String(feedLength);
  }

  async renew(keys: readonly string[], token: string, ms: number): Promise<readonly boolean[]> {
    if (keys.length === 0) return [];
    const valueKeys = keys.map((key) => this.#space.valueKey(key));
    const about = { what: "renew", keyCount: keys.length };
    const reply = await this.#line.run(renewScript, valueKeys, [token, String(Math.max(1, Math.ceil(ms)))], about);
    if (reply instanceof Failed) throw reply.error;
    return (reply as unknown[]).map((renewed) => renewed === 1);
  }

  async release(keys: readonly string[], token: string, failure?: CreationFailure): Promise<void> {
    if (keys.length === 0) return;
    const scriptKeys = [this.#space.order, this.#space.feed, ...keys.map((key) => this.#space.valueKey(key))];
    const about = { what: "release", keyCount: keys.length };
    const reply = await this.#line.run(
      releaseScript,
      scriptKeys,
      [this.#feedLength, token, failureText(failure)],
      about,
    );
    if (reply instanceof Failed) throw reply.error;
  }
}
