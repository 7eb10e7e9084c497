import { ConfigurationError, createRegion, NO_VALUE, PartialFailureError } from "@cascata/core";
import { ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, expectTypeOf, it } from "vitest";

function regionOf(options: Partial<Parameters<typeof createRegion>[0]> = {}) {
  const clock = new ManualClock();
  const region = createRegion({ name: "r", backend: new MapBackend({ clock }), clock, ...options });
  return { clock, region };
}

describe("a cached function of many keys", () => {
  it("is called once for what is not cached, and answers in the caller's order", async () => {
    const { region } = regionOf();
    const asked: (readonly number[])[] = [];
    const squares = region.cachedMulti(async function squares(ids: readonly number[]) {
      asked.push(ids);
      return ids.map((id) => id * id);
    });
    expect(await squares([3, 1])).toEqual([9, 1]);
    const again = await squares([1, 2, 3, 2]);
    expectTypeOf(again).toEqualTypeOf<number[]>();
    expect(again).toEqual([1, 4, 9, 4]);
    expect(asked).toEqual([[3, 1], [2]]);
    expect(await squares([])).toEqual([]);
    expect([squares.name, squares.length]).toEqual(["squares", 1]);
  });

  it("has one key for each element, in all that goes with it", async () => {
    const { region } = regionOf();
    let calls = 0;
    const f = region.cachedMulti(async function f(ids: readonly (number | string)[]) {
      calls += 1;
      return ids.map((id) => `${typeof id} ${id} ${calls}`);
    });
    await f([1, "1"]);
    expect(f.keys([1, "1"])).toEqual(["f|1", 'f|"1"']);
    expect(await f.get(["1", 2, 1])).toEqual(["string 1 1", NO_VALUE, "number 1 1"]);
    await f.set(
      new Map<number | string, string>([
        [2, "two"],
        [1, "one"],
      ]),
    );
    expect(await f([1, 2])).toEqual(["one", "two"]);
    expect(await f.refresh([1])).toEqual(["number 1 2"]);
    await f.invalidate([2, "1"]);
    expect(await f.get([1, 2, "1"])).toEqual(["number 1 2", NO_VALUE, NO_VALUE]);
    expect(f.original).not.toBe(f);
  });

  it("takes and gives a dictionary: what is left out is dropped, not cached, and asked for again", async () => {
    const { region } = regionOf();
    const asked: (readonly string[])[] = [];
    const find = region.cachedMulti(
      async function find(names: readonly string[]): Promise<Record<string, number>> {
        asked.push(names);
        return Object.fromEntries(names.filter((name) => name !== "none").map((name) => [name, name.length]));
      },
      { asDict: true },
    );
    const found = await find(["a", "none", "toString"]);
    expectTypeOf(found).toEqualTypeOf<Map<string, number>>();
    expect([...found]).toEqual([
      ["a", 1],
      ["toString", 8],
    ]);
    expect([...(await find(["none", "a"]))]).toEqual([["a", 1]]);
    expect(asked).toEqual([["a", "none", "toString"], ["none"]]);
    expect([...(await find.refresh(["a", "none"]))]).toEqual([["a", 1]]);
    expect(await find.get(["a", "none"])).toEqual([1, NO_VALUE]);
  });

  it("takes a Map by the very arguments", async () => {
    const { region } = regionOf();
    const f = region.cachedMulti(
      async function f(points: readonly { x: number }[]) {
        return new Map(points.map((point) => [point, point.x]));
      },
      { asDict: true },
    );
    const [a, b] = [{ x: 1 }, { x: 2 }];
    expect([...(await f([a, b]))]).toEqual([
      [a, 1],
      [b, 2],
    ]);
    expect([...(await f([{ x: 2 }]))]).toEqual([[{ x: 2 }, 2]]);
  });

  it("takes its keys as arguments in dogpile's form", async () => {
    const { region } = regionOf();
    const asked: (readonly number[])[] = [];
    async function double(...ids: number[]) {
      asked.push(ids);
      return ids.map((id) => id * 2);
    }
    const f = region.cacheMultiOnArguments({ namespace: "n" })(double);
    expect(await f(1, 2)).toEqual([2, 4]);
    expect(await f(2, 5)).toEqual([4, 10]);
    expect(asked).toEqual([[1, 2], [5]]);
    expect(f.keys(1)).toEqual(["double|n|1"]);
    expect(await f.get(5, 6)).toEqual([10, NO_VALUE]);
    await f.invalidate(1);
    expect(await f.refresh(1)).toEqual([2]);
    expect(f.original).toBe(double);
  });

  it("refuses answers of another shape than asked for, and caches nothing", async () => {
    const { region } = regionOf();
    const answers: Record<string, unknown> = {
      short: [1],
      long: [1, 2, 3],
      map: new Map([
        [1, 1],
        [2, 2],
      ]),
      nothing: undefined,
    };
    for (const [name, answer] of Object.entries(answers)) {
      const f = region.cachedMulti(async (_ids: readonly number[]) => answer as number[], { name });
      await expect(f([1, 2])).rejects.toBeInstanceOf(PartialFailureError);
      expect(await f.get([1, 2])).toEqual([NO_VALUE, NO_VALUE]);
    }
    const dict = region.cachedMulti(async (_ids: readonly number[]) => [1, 2], { name: "dict", asDict: true });
    await expect(dict([1, 2])).rejects.toThrow(PartialFailureError);
  });

  it("honours its own ttl, tags and shouldCacheFn everywhere", async () => {
    const { region, clock } = regionOf({ ttl: 10 });
    const f = region.cachedMulti(async (ids: readonly number[]) => ids.map((id) => id * 10), {
      name: "f",
      ttl: () => 1000,
      tags: (value, id) => [`v:${value}`, `id:${id}`],
      shouldCacheFn: (value) => value < 50,
    });
    expect(await f([1, 2, 9])).toEqual([10, 20, 90]);
    await clock.advance(500);
    expect(await f.get([1, 2, 9])).toEqual([10, 20, NO_VALUE]);
    const report = await f.set(
      new Map([
        [3, 30],
        [4, 99],
      ]),
    );
    expect(report.confirmed).toBe(false);
    expect([...report.outcomes.values()].map(({ status }) => status)).toEqual(["stored", "refused"]);
    await region.invalidateTags(["id:3", "v:10"]);
    expect(await f.get([1, 2, 3, 4])).toEqual([NO_VALUE, 20, NO_VALUE, NO_VALUE]);
  });

  it("is a method where it is one", async () => {
    const { region } = regionOf();
    class Users {
      readonly prefix: string;
      constructor(prefix: string) {
        this.prefix = prefix;
      }
      async find(ids: readonly number[]) {
        return ids.map((id) => `${this.prefix}${id}`);
      }
    }
    const find = region.cachedMulti({ name: "users" })(Users.prototype.find, { kind: "method" });
    const users = new Users("u");
    expect(await find.call(users, [1])).toEqual(["u1"]);
    expect(await find.on(users)([1, 2])).toEqual(["u1", "u2"]);
    expect(await find.on(users).refresh([2])).toEqual(["u2"]);
  });

  it("refuses anonymous functions, strangers' names and unknown options", () => {
    const { region } = regionOf();
    expect(() => region.cachedMulti(async (ids: readonly number[]) => ids)).toThrow(ConfigurationError);
    const options = { name: "x", keys: 1 } as never;
    expect(() => region.cachedMulti(async (ids: readonly number[]) => ids, options)).toThrow(/keys/);
    region.cachedMulti(async (ids: readonly number[]) => ids, { name: "x" });
    expect(() => region.cachedMulti(async (ids: readonly number[]) => ids, { name: "x" })).toThrow(ConfigurationError);
    expect(() => region.cachedMulti(5 as never)).toThrow(ConfigurationError);
  });
});
