import { STORED, type WriteOutcome } from "@cascata/core";
import { Failed } from "./answer.ts";
import { type Body, writeFailure } from "./codec.ts";
import type { Line, Request } from "./line.ts";
import { refusedTicket } from "./scripted-writer.ts";
import type { Writer, WriteTerms } from "./writer.ts";

const noRevision = `cascata1 ${"0".repeat(12)} ${"0".repeat(16)} `;
const noRevisionBytes = Buffer.from(noRevision, "latin1");

/**
 * Plain `SET` and `UNLINK`, in one pipeline: nothing is counted, leased or announced. In a cluster each key goes to its own
 * node, and the commands of one node leave together.
 */
export class PlainWriter implements Writer {
  readonly #line: Line;
  readonly #oneCommand: boolean;

  /** `oneCommand`: all keys are on one server, so one `UNLINK` takes them all. */
  constructor(line: Line, oneCommand: boolean) {
    this.#line = line;
    this.#oneCommand = oneCommand;
  }

  /** No lease was ever given, so no ticket stands. */
  async store(bodies: readonly Body[], terms: WriteTerms): Promise<readonly WriteOutcome[]> {
    if (terms.ticket !== undefined) return bodies.map(() => refusedTicket);
    const what = bodies.length === 1 ? "set" : "setMulti";
    return await Promise.all(
      bodies.map(async ({ valueKey, content, lifeMs, instead }) => {
        const about = { what, keyCount: bodies.length, key: valueKey, deadline: terms.deadline };
        if (lifeMs === -1) {
          const removed = await this.#outcome({ ...about, args: ["UNLINK", valueKey] });
          return instead !== undefined && removed.status === "stored" ? instead : removed;
        }
        const value = typeof content === "string" ? noRevision + content : Buffer.concat([noRevisionBytes, content]);
        const args = lifeMs === 0 ? ["SET", valueKey, value] : ["SET", valueKey, value, "PX", String(lifeMs)];
        return await this.#outcome({ ...about, args });
      }),
    );
  }

  async remove(valueKeys: readonly string[], { deadline }: WriteTerms): Promise<readonly WriteOutcome[]> {
    const keyCount = valueKeys.length;
    const what = keyCount === 1 ? "delete" : "deleteMulti";
    if (this.#oneCommand) {
      const outcome = await this.#outcome({ what, keyCount, args: ["UNLINK", ...valueKeys], deadline });
      return valueKeys.map(() => outcome);
    }
    return await Promise.all(
      valueKeys.map((key) => this.#outcome({ what, keyCount, key, args: ["UNLINK", key], deadline })),
    );
  }

  async #outcome(request: Request): Promise<WriteOutcome> {
    const answer = await this.#line.ask(request);
    return answer instanceof Failed ? writeFailure(answer) : STORED;
  }
}
