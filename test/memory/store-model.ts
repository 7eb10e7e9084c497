import assert from "node:assert/strict";
import type { RemovalCause, Store, StoreOptions } from "@cascata/memory";
import fc from "fast-check";

export interface Item {
  readonly id: number;
}

export type MakeStore = (options: StoreOptions<Item>) => Store<Item>;

interface Kept {
  readonly item: Item;
  readonly expiresAt: number;
  readonly weight: number;
}

/** What must be true of any store whatever its policy: told by its listener which entries left, a Map knows the rest. */
class Model {
  readonly kept = new Map<string, Kept>();
  readonly store: Store<Item>;
  readonly options: StoreOptions<Item>;
  now = 1_000_000;
  #lastSet: string | undefined;

  constructor(make: MakeStore, bounds: Pick<StoreOptions<Item>, "maxEntries" | "maxWeight">) {
    this.options = { ...bounds, onRemoved: (key, item, cause) => this.#removed(key, item, cause) };
    this.store = make(this.options);
  }

  set(key: string, item: Item, lifeMs: number, weight: number): void {
    const old = this.kept.get(key);
    const expiresAt = this.now + lifeMs;
    this.#lastSet = key;
    const isRefused = weight > this.options.maxWeight;
    // The listener hears of the replaced value when the new one is there already.
    if (!isRefused) this.#pending = old;
    if (!isRefused) this.kept.set(key, { item, expiresAt, weight });
    assert.equal(this.store.set(key, item, expiresAt, weight, this.now), !isRefused);
    this.#pending = undefined;
    this.#lastSet = undefined;
    if (isRefused) assert.equal(this.kept.has(key), false);
  }

  #pending: Kept | undefined;

  get(key: string): void {
    const kept = this.kept.get(key);
    const isThere = kept !== undefined && kept.expiresAt >= this.now;
    assert.equal(this.store.peek(key, this.now), isThere ? kept.item : undefined);
    assert.equal(this.store.get(key, this.now), isThere ? kept.item : undefined);
    assert.equal(this.kept.has(key), isThere);
  }

  delete(key: string): void {
    const wasThere = this.kept.has(key);
    assert.equal(this.store.delete(key), wasThere);
    assert.equal(this.kept.has(key), false);
  }

  evict(): void {
    const before = this.kept.size;
    assert.equal(this.store.evict(this.now), before > 0);
    assert.equal(this.kept.size, Math.max(0, before - 1));
  }

  clear(): void {
    this.store.clear();
    assert.equal(this.kept.size, 0);
  }

  check(): void {
    const { maxEntries, maxWeight } = this.options;
    assert.equal(this.store.count, this.kept.size);
    assert.ok(this.store.count <= maxEntries, "more entries than allowed");
    if (maxWeight === Number.POSITIVE_INFINITY) return;
    let weight = 0;
    for (const kept of this.kept.values()) weight += kept.weight;
    assert.equal(this.store.weight, weight);
    assert.ok(weight <= maxWeight, "more weight than allowed");
  }

  #removed(key: string, item: Item, cause: RemovalCause): void {
    const replaced = this.#pending;
    if (key === this.#lastSet && replaced?.item === item) {
      this.#pending = undefined;
      assert.equal(cause, replaced.expiresAt < this.now ? "expired" : "replaced");
      return;
    }
    const kept = this.kept.get(key);
    assert.equal(kept?.item, item, `${cause}: not what was kept of ${key}`);
    if (cause === "expired") assert.ok((kept?.expiresAt ?? 0) < this.now, "expired before its time");
    if (cause === "evicted") assert.ok((kept?.expiresAt ?? 0) >= this.now, "evicted, though expired");
    this.kept.delete(key);
  }
}

const key = fc.integer({ min: 0, max: 40 }).map((number) => `key:${number}`);
const lifeMs = fc.oneof(
  fc.constant(Number.POSITIVE_INFINITY),
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 0, max: 2e11 }),
);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("set" as const),
      key,
      lifeMs,
      weight: fc.integer({ min: 1, max: 30 }),
      isSame: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("get" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1e10 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const), when: fc.integer({ min: 0, max: 9 }) }) },
);

/** Runs random programs against the store and its model. */
export function checkAgainstModel(make: MakeStore): void {
  const bounds = fc.record({
    maxEntries: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(1), fc.constant(30)),
    maxWeight: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 120 })),
  });
  fc.assert(
    fc.property(bounds, fc.array(step, { minLength: 1, maxLength: 250 }), (limits, steps) => {
      const model = new Model(make, limits);
      for (const [id, todo] of steps.entries()) {
        const item = (todo.do === "set" && todo.isSame && model.kept.get(todo.key)?.item) || { id };
        if (todo.do === "set") model.set(todo.key, item, todo.lifeMs, todo.weight);
        else if (todo.do === "get") model.get(todo.key);
        else if (todo.do === "delete") model.delete(todo.key);
        else if (todo.do === "evict") model.evict();
        else if (todo.do === "wait") model.now += todo.ms;
        else if (todo.when === 0) model.clear();
        model.check();
      }
    }),
    { numRuns: 300, seed: 20_261 },
  );
}
