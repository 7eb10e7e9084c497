import { createClient } from "@redis/client";

/** The database: a version for each key, raised by each change. */
export class Origin implements AsyncDisposable {
  readonly #client: ReturnType<typeof createClient>;

  private constructor(client: ReturnType<typeof createClient>) {
    this.#client = client;
  }

  static async connect(url: string): Promise<Origin> {
    const client = createClient({ url });
    client.on("error", () => undefined);
    await client.connect();
    return new Origin(client as ReturnType<typeof createClient>);
  }

  async version(key: string): Promise<number> {
    return Number((await this.#client.sendCommand(["GET", key])) ?? 0);
  }

  /** Raises each key's version, all in one step. */
  async change(keys: readonly string[]): Promise<Readonly<Record<string, number>>> {
    const text = "local all = {} for i, key in ipairs(KEYS) do all[i] = redis.call('INCR', key) end return all";
    const versions = await this.#client.sendCommand(["EVAL", text, String(keys.length), ...keys]);
    return Object.fromEntries(keys.map((key, index) => [key, Number((versions as unknown as number[])[index])]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
  }
}
