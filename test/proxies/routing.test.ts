import { type CacheBackend, type ChangeNotice, ConfigurationError, NO_VALUE, ReadFailure } from "@cascata/core";
import { type Route, RoutingBackend } from "@cascata/proxies";
import {
  AuthorityStore,
  backendCases,
  describeConformance,
  leaseCases,
  ManualClock,
  MapBackend,
  ProbeBackend,
  ReferenceAuthority,
  revisionCases,
} from "@cascata/testing";
import { describe, expect, it, test } from "vitest";
import { entryOf, outcomeOf } from "./support.ts";

/** Every key with an even number of characters goes to `even`. */
function halved(even: CacheBackend, odd: CacheBackend): RoutingBackend {
  return new RoutingBackend({ routes: [{ match: (key) => key.length % 2 === 0, backend: even }], otherwise: odd });
}

const mapClock = new ManualClock();
describeConformance(
  backendCases,
  {
    open: () => halved(new MapBackend({ clock: mapClock }), new MapBackend({ clock: mapClock })),
    clock: mapClock,
    advance: (ms) => mapClock.advance(ms),
  },
  { describe, it, title: "routing over two maps" },
);

const clock = new ManualClock();
const stores = new WeakMap<CacheBackend, readonly [AuthorityStore, AuthorityStore]>();
function connect(even: AuthorityStore, odd: AuthorityStore): CacheBackend {
  const backend = halved(new ReferenceAuthority(even), new ReferenceAuthority(odd));
  stores.set(backend, [even, odd]);
  return backend;
}
describeConformance(
  [...backendCases, ...leaseCases, ...revisionCases],
  {
    open: () => connect(new AuthorityStore({ clock }), new AuthorityStore({ clock })),
    connect: (beside) => connect(...(stores.get(beside) as readonly [AuthorityStore, AuthorityStore])),
    clock,
    advance: (ms) => clock.advance(ms),
  },
  { describe, it, title: "routing over two authorities" },
);

describe("routes", () => {
  const owner = (routes: readonly Pick<Route, "match">[], key: string): number => {
    const backends = routes.map(() => new MapBackend());
    const last = new MapBackend();
    const all = new RoutingBackend({
      routes: routes.map(({ match }, index) => ({ match, backend: backends[index] as MapBackend })),
      otherwise: last,
    });
    all.set(key, entryOf(1));
    return [...backends, last].findIndex((backend) => backend.size === 1);
  };

  test.each<[Route["match"], string, boolean]>([
    ["user:*", "user:1", true],
    ["user:*", "user:", true],
    ["user:*", "users:1", false],
    ["*:draft", "page:1:draft", true],
    ["*:draft", "draft", false],
    ["ab*ba", "aba", false],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "a\nb\nc", true],
    ["a*b*c", "acb", false],
    ["a.*(b)*[c]", "a.x(b)y[c]", true],
    ["a.*(b)*[c]", "abx(b)y[c]", false],
    ["exact", "exact", true],
    ["exact", "exactly", false],
    ["*", "", true],
    [/^\d+$/, "42", true],
    [/^\d+$/, "x42", false],
    [(key) => key.endsWith("!"), "hey!", true],
  ])("%s and %j", (match, key, matches) => {
    expect(owner([{ match }], key)).toBe(matches ? 0 : 1);
  });

  test("the first that matches has the key", () => {
    expect(owner([{ match: "a*" }, { match: "*b" }, { match: "*" }], "ab")).toBe(0);
    expect(owner([{ match: "a*" }, { match: "*b" }, { match: "*" }], "xb")).toBe(1);
  });

  test("a global expression does not forget keys", () => {
    const match = /user/g;
    const backend = new MapBackend();
    const all = new RoutingBackend({ routes: [{ match, backend }], otherwise: new MapBackend() });
    for (const key of ["user:1", "user:2", "user:3"]) all.set(key, entryOf(1));
    expect(backend.size).toBe(3);
  });
});

describe("a batch", () => {
  test("asks each backend once, for its own keys, and answers in order", async () => {
    const [even, odd] = [new ProbeBackend(), new ProbeBackend()];
    const all = halved(even, odd);
    await all.setMulti(new Map(["a", "bb", "c", "dd"].map((key) => [key, entryOf(key)])));
    expect(await all.getMulti(["dd", "a", "nn", "bb", "a", "x"])).toEqual(
      ["dd", "a", undefined, "bb", "a", undefined].map((key) => (key === undefined ? NO_VALUE : entryOf(key))),
    );
    expect(even.calls.map(({ operation, keys }) => [operation, ...keys])).toEqual([
      ["setMulti", "bb", "dd"],
      ["getMulti", "dd", "nn", "bb"],
    ]);
    expect(odd.calls.map(({ operation, keys }) => [operation, ...keys])).toEqual([
      ["setMulti", "a", "c"],
      ["getMulti", "a", "a", "x"],
    ]);
  });

  test("where one backend fails, its keys fail and no others", async () => {
    const [even, odd] = [new ProbeBackend(), new ProbeBackend()];
    const all = halved(even, odd);
    even.failure = new Error("down");
    expect(await all.getMulti(["a", "bb"])).toEqual([NO_VALUE, expect.any(ReadFailure)]);
    const outcomes = await all.setMulti(new Map(["a", "bb"].map((key) => [key, entryOf(key)])));
    expect(outcomes?.get("a")?.status).toBe("stored");
    expect(outcomes?.get("bb")).toMatchObject({ status: "failed", error: { cause: even.failure } });
    expect((await all.deleteMulti(["a", "bb"]))?.get("bb")?.status).toBe("failed");
    expect(await outcomeOf(() => all.get("bb"))).toBe(even.failure);
  });
});

describe("capabilities", () => {
  const authority = () => new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }));

  test("are those that all have; marks never", async () => {
    const rich = halved(authority(), authority());
    expect([rich.leases, rich.guards, rich.revisions, rich.clear, rich.changes].includes(undefined)).toBe(false);
    expect(rich.marks).toBeUndefined();
    expect(await rich.guards?.tickets(["a", "bb", "c"])).toHaveLength(3);
    const poor = halved(authority(), new ProbeBackend());
    expect([poor.leases, poor.guards, poor.revisions, poor.clear, poor.changes].every((one) => one === undefined)).toBe(
      true,
    );
    await rich.close();
    await poor.close();
  });

  test("of the feed a tier of this process needs none", async () => {
    const mixed = halved(authority(), new MapBackend());
    expect(mixed.changes).toBeDefined();
    expect([mixed.remote, mixed.shared, mixed.byReference]).toEqual([true, true, false]);
    expect(halved(new MapBackend(), new MapBackend()).changes).toBeUndefined();
    expect(halved(new MapBackend(), new MapBackend())).toMatchObject({
      remote: false,
      shared: false,
      byReference: true,
    });
    await mixed.close();
  });

  test("health is that of the worst", () => {
    const [even, odd] = [new ProbeBackend(), new ProbeBackend()];
    const all = halved(even, odd);
    expect(all.health().state).toBe("up");
    odd.health = () => ({ state: "degraded", since: 3 });
    even.health = () => ({ state: "down", since: 5, why: "gone" });
    expect(all.health()).toEqual({ state: "down", since: 5, why: "probe: gone" });
  });

  test("incidents of all are told, and closing closes all, whatever one of them does", async () => {
    const [even, odd] = [new ProbeBackend(), new ProbeBackend()];
    const all = halved(even, odd);
    const heard: string[] = [];
    const leave = all.watch(({ what }) => heard.push(what));
    even.tell("one");
    odd.tell("two");
    leave();
    odd.tell("three");
    expect(heard).toEqual(["one", "two"]);
    const error = new Error("can't close");
    even.close = () => {
      throw error;
    };
    expect(await outcomeOf(() => all.close())).toBe(error);
    expect(odd.closed).toBe(1);
  });
});

test("the feed tells each backend's own keys, and is silent while one of them is", async () => {
  const time = new ManualClock();
  const [evenStore, oddStore] = [new AuthorityStore({ clock: time }), new AuthorityStore({ clock: time })];
  const [even, odd] = [new ReferenceAuthority(evenStore), new ReferenceAuthority(oddStore)];
  const all = halved(even, odd);
  const heard: string[] = [];
  const changed = ({ keys }: ChangeNotice) => void heard.push(...keys);
  const none = () => undefined;
  const leave = all.changes?.subscribe({
    changed,
    filled: none,
    marked: none,
    silent: none,
    resumed: none,
    uncertain: none,
  });
  await time.advance(10);
  expect(all.changes).toMatchObject({ live: true, position: undefined });
  await even.deleteMulti(["bb", "c"]);
  await odd.deleteMulti(["dd", "e"]);
  await time.advance(10);
  expect(heard).toEqual(["bb", "e"]);
  leave?.();
  await all.close();
});

test.each<[object, string]>([
  [{ routes: [], otherwise: new MapBackend() }, "routing.routes"],
  [{ routes: [{ match: 5, backend: new MapBackend() }], otherwise: new MapBackend() }, "routes[0].match"],
  [{ routes: [{ match: "a", backend: {} }], otherwise: new MapBackend() }, "routing"],
  [{ routes: [{ match: "a", backend: new MapBackend() }], otherwize: new MapBackend() }, 'did you mean "otherwise"?'],
])("refuses bad options (%#)", (options, says) => {
  expect(() => new RoutingBackend(options as never)).toThrow(ConfigurationError);
  expect(() => new RoutingBackend(options as never)).toThrow(says);
});
