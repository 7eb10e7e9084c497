import { setImmediate as nextTurn } from "node:timers/promises";

/** A store as an application may write one for Keyv 5: asynchronous, texts only, with its own multi-operations. */
export class AsyncTextStore {
  readonly rows = new Map<string, string>();
  readonly calls: string[] = [];
  readonly ttls = new Map<string, number | undefined>();
  readonly opts: object = {};
  namespace?: string | undefined;

  async get(key: string): Promise<string | undefined> {
    await this.#call("get");
    return this.rows.get(key);
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    await this.#call(`getMany ${keys.length}`);
    return keys.map((key) => this.rows.get(key));
  }

  async set(key: string, value: string, ttl?: number): Promise<void> {
    await this.#call("set");
    this.#put(key, value, ttl);
  }

  async setMany(entries: readonly { key: string; value: string; ttl?: number }[]): Promise<void> {
    await this.#call(`setMany ${entries.length}`);
    for (const { key, value, ttl } of entries) this.#put(key, value, ttl);
  }

  async delete(key: string): Promise<boolean> {
    await this.#call("delete");
    return this.rows.delete(key);
  }

  async deleteMany(keys: readonly string[]): Promise<boolean> {
    await this.#call(`deleteMany ${keys.length}`);
    return keys.map((key) => this.rows.delete(key)).includes(true);
  }

  async has(key: string): Promise<boolean> {
    await this.#call("has");
    return this.rows.has(key);
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    await this.#call(`hasMany ${keys.length}`);
    return keys.map((key) => this.rows.has(key));
  }

  async clear(): Promise<void> {
    await this.#call("clear");
    this.rows.clear();
  }

  on(): this {
    return this;
  }

  #put(key: string, value: string, ttl: number | undefined): void {
    if (typeof value !== "string") throw new TypeError("this store keeps texts");
    this.rows.set(key, value);
    this.ttls.set(key, ttl);
  }

  async #call(what: string): Promise<void> {
    this.calls.push(what);
    await nextTurn();
  }
}

/** The same for Keyv 6: it takes instants, and says so. */
export class InstantStore extends AsyncTextStore {
  get capabilities(): { readonly expires: true } {
    return { expires: true };
  }

  override async set(key: string, value: string, expires?: number): Promise<void> {
    await super.set(key, value, expires);
  }

  override async setMany(entries: readonly { key: string; value: string; expires?: number }[]): Promise<void> {
    await super.setMany(entries.map(({ key, value, expires }) => ({ key, value, ...(expires && { ttl: expires }) })));
  }
}
