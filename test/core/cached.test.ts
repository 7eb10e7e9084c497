import {
  argumentKey,
  ConfigurationError,
  cached,
  cachedMethod,
  createRegion,
  functionKeyGenerator,
  isNoValue,
  makeRegion,
  NO_VALUE,
  RegionNotConfigured,
  ValidationError,
} from "@cascata/core";
import { deferred, ManualClock, MapBackend } from "@cascata/testing";
import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";

function regionOf(options: Partial<Parameters<typeof createRegion>[0]> = {}) {
  const clock = new ManualClock();
  const region = createRegion({ name: "r", backend: new MapBackend({ clock }), clock, ...options });
  return { clock, region };
}

describe("a cached function", () => {
  it("is called once for equal arguments, whoever asks", async () => {
    const { region } = regionOf();
    let calls = 0;
    const area = region.cached(
      async (box: { w: number; h: number }) => {
        calls += 1;
        return box.w * box.h;
      },
      { name: "area" },
    );
    expect(await Promise.all([area({ w: 2, h: 3 }), area({ h: 3, w: 2 })])).toEqual([6, 6]);
    expect(await area({ w: 2, h: 3 })).toBe(6);
    expect(calls).toBe(1);
  });

  it("keeps the function's types, name and length", async () => {
    const { region } = regionOf();
    async function find<T extends string>(id: T, _depth = 1): Promise<{ id: T }> {
      return { id };
    }
    const found = region.cached(find);
    expect([found.name, found.length]).toEqual(["find", 1]);
    expect(found.original).toBe(find);
    const one = await found("a");
    expectTypeOf(one).toEqualTypeOf<{ id: "a" }>();
    const sync = region.cached(function size(text: string): number {
      return text.length;
    });
    expectTypeOf(sync("x")).toEqualTypeOf<Promise<number>>();
    expectTypeOf(sync.get).parameters.toEqualTypeOf<[text: string]>();
    expectTypeOf(sync.set).parameters.toEqualTypeOf<[value: number, text: string]>();
    expect(await sync("abc")).toBe(3);
  });

  it("computes one key for the call and for all that goes with it", async () => {
    const { region } = regionOf();
    let calls = 0;
    const f = region.cached(async function f(id: number, page?: number) {
      calls += 1;
      return `${id}/${page}/${calls}`;
    });
    expect(await f.get(1)).toBe(NO_VALUE);
    expect(await f(1)).toBe("1/undefined/1");
    expect(await f.get(1)).toBe("1/undefined/1");
    expect(await region.get(f.key(1))).toBe("1/undefined/1");
    expect((await f.set("set", 1)).confirmed).toBe(true);
    expect(await f(1)).toBe("set");
    expect(await f.refresh(1)).toBe("1/undefined/2");
    expect(await f(1)).toBe("1/undefined/2");
    await f.invalidate(1);
    expect(await f.get(1)).toBe(NO_VALUE);
    expect(f.key(1, 2)).toBe("f|1,2");
  });

  it("tells arguments apart that look alike as texts", async () => {
    const { region } = regionOf();
    const f = region.cached(async function f(...args: readonly unknown[]) {
      return args;
    });
    const calls: readonly (readonly unknown[])[] = [
      ["1"],
      [1],
      [1n],
      ["a", "b"],
      ["a,b"],
      [["a", "b"]],
      [],
      [undefined],
      [null],
      ["null"],
      [{ a: 1, b: [2] }],
      [{ a: 1, b: 2 }],
      [new Date(0)],
      ["1970-01-01T00:00:00.000Z"],
      [[1, [2]]],
      [[[1], 2]],
      [true],
      ["true"],
    ];
    expect(new Set(calls.map((args) => f.key(...args))).size).toBe(calls.length);
    expect(f.key({ a: 1, b: 2 })).toBe(f.key({ b: 2, a: 1 }));
    for (const args of calls) expect(await f(...args)).toEqual(args);
  });

  it("keeps functions apart whatever they are called: no two calls share a key by accident", () => {
    const name = fc.string({ minLength: 1, unit: fc.constantFrom("a", "|", '"', "\\", ",", "1", "[") });
    const args = fc.array(fc.oneof(name, fc.integer(), fc.constant(null), fc.array(name)), { maxLength: 3 });
    fc.assert(
      fc.property(name, args, name, args, (one, oneArgs, other, otherArgs) => {
        const key = (start: string, given: readonly unknown[]) =>
          functionKeyGenerator(undefined, () => undefined, start).apply(undefined, [...given]);
        const same = one === other && argumentKey(oneArgs) === argumentKey(otherArgs);
        return (key(one, oneArgs) === key(other, otherArgs)) === same;
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses what can't be part of a key, by a rejection", async () => {
    const { region } = regionOf();
    const f = region.cached(async function f(_x: unknown) {
      return 1;
    });
    await expect(f(() => 1)).rejects.toBeInstanceOf(ValidationError);
    await expect(f.get(Symbol("x"))).rejects.toBeInstanceOf(ValidationError);
    await expect(f.invalidate(new (class Socket {})())).rejects.toBeInstanceOf(ValidationError);
  });

  it("needs a name that is its own in the region", () => {
    const { region } = regionOf();
    expect(() => region.cached(async () => 1)).toThrow(ConfigurationError);
    async function load() {
      return 1;
    }
    const other = { load: async () => 2 };
    region.cached(load);
    expect(() => region.cached(load)).not.toThrow();
    expect(() => region.cached(other.load)).toThrow(/no other function of the region/);
    expect(() => region.cached(load, { key: () => 1 })).toThrow(ConfigurationError);
    expect(() => region.cachedMulti(load as never)).toThrow(ConfigurationError);
    expect(region.cached(other.load, { namespace: "other" }).key()).toBe("load|other|");
    expect(region.cached(async () => 3, { namespace: "third" }).key()).toBe("third|");
    const second = regionOf().region;
    expect(() => second.cached(other.load)).not.toThrow();
  });

  it("refuses an option that nobody reads, and what is no function", () => {
    const { region } = regionOf();
    const f = async () => 1;
    expect(() => region.cached(f, { tll: "1m" } as never)).toThrow(/did you mean "ttl"/);
    expect(() => region.cached(7 as never)).toThrow(ConfigurationError);
    expect(() => region.cached({ name: "x" })(7 as never)).toThrow(ConfigurationError);
  });

  it("lives as long as its own ttl says, in each of its methods", async () => {
    const { region, clock } = regionOf({ ttl: 100 });
    let calls = 0;
    const f = region.cached(
      async function f() {
        calls += 1;
        return calls;
      },
      { ttl: 1000 },
    );
    await f();
    await clock.advance(500);
    expect([await f(), await f.get()]).toEqual([1, 1]);
    await f.set(7);
    await clock.advance(1000);
    expect(await f.get()).toBe(7);
    await clock.advance(1);
    expect(await f.get()).toBe(NO_VALUE);
  });

  it("asks a ttl function at each call, for what is found and for what is made", async () => {
    const { region, clock } = regionOf({ grace: Number.POSITIVE_INFINITY });
    let ttl = 100;
    let calls = 0;
    const f = region.cached(
      async function f(_id: number) {
        calls += 1;
        return calls;
      },
      { ttl: (id) => ttl * id },
    );
    await f(2);
    await clock.advance(150);
    expect(await f.get(2)).toBe(1);
    ttl = 10;
    expect(await f.get(2)).toBe(NO_VALUE);
    expect(await f(2)).toBe(2);
  });

  it("applies shouldCacheFn to all that it stores", async () => {
    const { region } = regionOf();
    let calls = 0;
    const f = region.cached(
      async function f(id: number) {
        calls += 1;
        return id < 0 ? null : id;
      },
      { shouldCacheFn: (value) => value !== null },
    );
    expect([await f(-1), await f(-1), calls]).toEqual([null, null, 2]);
    expect([await f.refresh(-1), await f.get(-1)]).toEqual([null, NO_VALUE]);
    const report = await f.set(null, -1);
    expect([report.confirmed, report.outcomes.get(f.key(-1))]).toEqual([false, { status: "refused", why: "skipped" }]);
    expect(await f.get(-1)).toBe(NO_VALUE);
  });

  it("gives its results tags", async () => {
    const { region } = regionOf();
    const f = region.cached(
      async function f(id: number) {
        return { id, team: id % 2 };
      },
      { tags: ({ team }, id) => [`team:${team}`, `id:${id}`] },
    );
    await Promise.all([f(1), f(2), f(3)]);
    await region.invalidateTags(["team:1"]);
    expect(await Promise.all([f.get(1), f.get(2), f.get(3)])).toEqual([NO_VALUE, { id: 2, team: 0 }, NO_VALUE]);
    await f.set({ id: 5, team: 9 }, 5);
    await region.invalidateTags(["team:9"]);
    expect(await f.get(5)).toBe(NO_VALUE);
  });

  it("may be decorated before the region has a backend", async () => {
    const clock = new ManualClock();
    const region = makeRegion({ name: "late", clock });
    const f = region.cached(async function f() {
      return 1;
    });
    await expect(f()).rejects.toBeInstanceOf(RegionNotConfigured);
    await expect(f.get()).rejects.toBeInstanceOf(RegionNotConfigured);
    region.configure(new MapBackend({ clock }));
    expect(await f()).toBe(1);
  });

  it("renews early with its own life, not the region's", async () => {
    const { region, clock } = regionOf({ ttl: 10, refreshAhead: 0.5 });
    let calls = 0;
    const f = region.cached(
      async function f() {
        calls += 1;
        return calls;
      },
      { ttl: 1000 },
    );
    await f();
    await clock.advance(600);
    expect(await f()).toBe(1);
    await clock.advance(300);
    expect([await f.get(), calls]).toEqual([2, 2]);
  });

  it("passes the function's error on and caches none", async () => {
    const { region } = regionOf();
    const boom = new Error("boom");
    const made = deferred<number>();
    let work: () => Promise<number> = () => made.promise;
    const f = region.cached(async function f() {
      return work();
    });
    const both = Promise.allSettled([f(), f()]);
    made.reject(boom);
    expect((await both).map((one) => one.status === "rejected" && one.reason)).toEqual([boom, boom]);
    work = async () => 2;
    expect(await f()).toBe(2);
  });
});

describe("a cached method", () => {
  class Users {
    readonly tenant: string;
    calls = 0;
    constructor(tenant: string) {
      this.tenant = tenant;
    }
    async find(id: number) {
      this.calls += 1;
      return `${this.tenant}:${id}`;
    }
  }

  it("is called on its object, which is no part of the key", async () => {
    const { region } = regionOf();
    const find = region.cached(Users.prototype.find);
    const users = new Users("a");
    expect(await find.call(users, 1)).toBe("a:1");
    expect(await find.call(new Users("b"), 1)).toBe("a:1");
    expect(await find.on(users).refresh(1)).toBe("a:1");
    expect(users.calls).toBe(2);
  });

  it("has its object in the key when asked", async () => {
    const { region } = regionOf();
    const find = region.cached(Users.prototype.find, {
      key(this: Users, id: number) {
        return [this.tenant, id];
      },
    });
    const [a, b] = [new Users("a"), new Users("b")];
    expect([await find.call(a, 1), await find.call(b, 1)]).toEqual(["a:1", "b:1"]);
    await find.on(a).invalidate(1);
    expect(isNoValue(await find.on(a).get(1))).toBe(true);
    expect(await find.on(b).get(1)).toBe("b:1");
  });

  it("is decorated as the language does it", async () => {
    const { region } = regionOf();
    const context = { kind: "method", name: "find", static: false, private: false };
    const decorated = cached({ region, ttl: "1m" })(Users.prototype.find, context);
    class Cached extends Users {}
    Object.defineProperty(Cached.prototype, "find", { value: decorated });
    const users = new Cached("a");
    expect(await users.find(1)).toBe("a:1");
    expect(await users.find(1)).toBe("a:1");
    expect(users.calls).toBe(1);
    const helpers = cachedMethod(users, "find");
    expect(await helpers.get(1)).toBe("a:1");
    await helpers.invalidate(1);
    await users.find(1);
    expect(users.calls).toBe(2);
    expect(await helpers.refresh(1)).toBe("a:1");
    expect(() => cachedMethod(new Users("x"), "find")).toThrow(ConfigurationError);
    expect(() => region.cached({})(Users.prototype.find, { kind: "getter" })).toThrow(ConfigurationError);
  });
});
