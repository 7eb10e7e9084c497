import { BackendError, type Mark, type MarkTable } from "@cascata/core";
import { markKey } from "./store-keys.ts";
import { Failed, type PortRead, type StorePort, Unreadable } from "./store-port.ts";

const modes = ["hard", "soft"] as const;
const markForm = /^m(\d+(?:\.\d+)?)$/;

/** Runs one call of the port under the backend's deadline and closes what it throws in the backend's error. */
export type Bounded = <T>(operation: string, count: number, run: () => Promise<T>) => Promise<T>;

/**
 * Marks as ordinary entries of the store, under a reserved prefix and without a ttl. A plain store counts nothing, so they
 * carry the marking process's instant and no order, and two processes that mark the same name within one round trip of each
 * other may leave the earlier of their two instants. A mark that can't be read is a failure, never "no mark".
 */
export class StoreMarks implements MarkTable {
  readonly #port: StorePort;
  readonly #name: string;
  readonly #bounded: Bounded;

  constructor(port: StorePort, name: string, bounded: Bounded) {
    this.#port = port;
    this.#name = name;
    this.#bounded = bounded;
  }

  /** Two round trips: an instant is never set back, so what stands is read first. */
  async put(names: readonly string[], mode: Mark["mode"], at: number): Promise<readonly Mark[]> {
    const unique = [...new Set(names)];
    if (unique.length === 0) return [];
    return await this.#bounded("marks.put", unique.length, async () => {
      const keys = unique.map((name) => markKey(name, mode));
      const standing = await this.#port.getMany(keys);
      const marks = unique.map((name, index) => ({
        name,
        mode,
        at: Math.max(at, this.#instant(standing[index]) ?? at),
      }));
      const writes = marks.map((mark, index) => ({
        key: keys[index] as string,
        text: `m${mark.at}`,
        ttlMs: Number.POSITIVE_INFINITY,
      }));
      for (const done of await this.#port.setMany(writes)) if (done instanceof Failed) throw this.#failure(done.error);
      return names.map((name) => marks[unique.indexOf(name)] as Mark);
    });
  }

  async lookup(names: readonly string[]): Promise<readonly (readonly Mark[])[]> {
    const unique = [...new Set(names)];
    if (unique.length === 0) return [];
    return await this.#bounded("marks.lookup", unique.length, async () => {
      const keys = unique.flatMap((name) => modes.map((mode) => markKey(name, mode)));
      const found = (await this.#port.getMany(keys)).map((read) => this.#instant(read));
      const byName = new Map<string, readonly Mark[]>();
      unique.forEach((name, index) => {
        const marks = modes.map((mode, which) => ({ name, mode, at: found[index * modes.length + which] }));
        byName.set(
          name,
          marks.filter((mark): mark is Mark => mark.at !== undefined),
        );
      });
      return names.map((name) => byName.get(name) ?? []);
    });
  }

  #instant(read: PortRead): number | undefined {
    if (read === undefined) return undefined;
    if (read instanceof Failed || read instanceof Unreadable) throw this.#failure(read.error);
    const at = markForm.exec(read)?.[1];
    if (at === undefined) throw this.#failure("something else stands in the place of a mark");
    return Number(at);
  }

  #failure(cause: unknown): BackendError {
    return new BackendError(this.#name, "marks", 1, cause);
  }
}
