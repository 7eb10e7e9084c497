import type { Mark, MarkTable } from "@cascata/core";
import { Failed } from "./answer.ts";
import { encodeKey, type KeySpace } from "./key-space.ts";
import type { Line } from "./line.ts";
import { lookupScript, markScript } from "./mark-scripts.ts";
import { orderOf } from "./order.ts";

const letters = { hard: "h", soft: "s" } as const;
const modes = ["hard", "soft"] as const;

/**
 * The marks of a Redis tier: one hash without expiry, so that an eviction policy for keys that expire (`volatile-…`)
 * leaves it alone. There are at most so many; beyond that the oldest are replaced by a floor that covers every entry from
 * before: it invalidates more, never less. A call that fails rejects.
 */
export class RedisMarks implements MarkTable {
  readonly #line: Line;
  readonly #space: KeySpace;
  readonly #feedLength: string;
  readonly #most: string;

  constructor(line: Line, space: KeySpace, feedLength: number, most: number) {
    this.#line = line;
    this.#space = space;
    this.#feedLength = String(feedLength);
    this.#most = String(most);
  }

  async put(names: readonly string[], mode: Mark["mode"], at: number, sender = ""): Promise<readonly Mark[]> {
    if (names.length === 0) return [];
    const { order, feed, marks, markAges } = this.#space;
    const args = [this.#feedLength, sender, letters[mode], String(at), this.#most, ...names.map(encodeKey)];
    const about = { what: "mark", keyCount: names.length };
    const reply = await this.#line.run(markScript, [order, feed, marks, markAges], args, about);
    if (reply instanceof Failed) throw reply.error;
    const [epoch, seq] = reply as unknown[];
    const counted = orderOf(epoch, seq);
    return names.map((name) => ({ name, mode, order: counted, at }));
  }

  async lookup(names: readonly string[]): Promise<readonly (readonly Mark[])[]> {
    if (names.length === 0) return [];
    const { order, feed, marks } = this.#space;
    const about = { what: "marks", keyCount: names.length };
    const args = names.map(encodeKey);
    const reply = await this.#line.run(lookupScript, [order, feed, marks], args, about);
    if (reply instanceof Failed) throw reply.error;
    const texts = (reply as unknown[]).map(String);
    return names.map((name, index) =>
      modes.flatMap((mode, which) => {
        const text = texts[2 + 2 * index + which] || texts[which] || "";
        return text === "" ? [] : [markOf(name, mode, text)];
      }),
    );
  }
}

function markOf(name: string, mode: Mark["mode"], text: string): Mark {
  const [epoch, seq, at] = text.split(" ");
  return { name, mode, order: orderOf(epoch, seq), at: Number(at) };
}
