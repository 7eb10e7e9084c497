import {
  type Awaitable,
  CacheBackend,
  CachedValue,
  ConfigurationError,
  type Found,
  NO_VALUE,
  type Operation,
  operations,
  ProxyBackend,
  ReadFailure,
  type Run,
  SerializationError,
} from "@cascata/core";
import {
  AuthorityStore,
  ManualClock,
  MapBackend,
  ProbeBackend,
  RecordingListener,
  ReferenceAuthority,
} from "@cascata/testing";
import { beforeEach, describe, expect, it } from "vitest";

const metadata = { createdAt: 0, startedAt: 0, formatVersion: 1 };
const entry = (payload: unknown) => new CachedValue(payload, metadata);

class PlainProxy extends ProxyBackend {}

/**
 * Every member of the contract, with the call that reaches it. A member that is added to CacheBackend doesn't compile
 * here until it is said whether the proxy forwards it.
 */
const contract: Readonly<Record<keyof CacheBackend, ((proxy: CacheBackend) => unknown) | { readonly not: string }>> = {
  name: (proxy) => proxy.name,
  remote: (proxy) => proxy.remote,
  shared: (proxy) => proxy.shared,
  byReference: (proxy) => proxy.byReference,
  keepsResidence: (proxy) => proxy.keepsResidence,
  keyMangler: (proxy) => proxy.keyMangler,
  leases: (proxy) => proxy.leases,
  guards: (proxy) => proxy.guards,
  changes: (proxy) => proxy.changes,
  marks: (proxy) => proxy.marks,
  watch: (proxy) => proxy.watch(() => undefined),
  get: (proxy) => proxy.get("a"),
  getMulti: (proxy) => proxy.getMulti(["a"]),
  set: (proxy) => proxy.set("a", entry(1)),
  setMulti: (proxy) => proxy.setMulti(new Map([["a", entry(1)]])),
  delete: (proxy) => proxy.delete("a"),
  deleteMulti: (proxy) => proxy.deleteMulti(["a"]),
  revisions: (proxy) => proxy.revisions?.(["a"]),
  clear: (proxy) => proxy.clear?.(),
  scoped: { not: "a view of what is wrapped would go round the proxy; keys are prefixed instead" },
  getMutex: (proxy) => proxy.getMutex("a"),
  hasLockTimeout: (proxy) => proxy.hasLockTimeout(),
  health: (proxy) => proxy.health(),
  close: (proxy) => proxy.close(),
  [Symbol.asyncDispose]: { not: "it calls close, which is forwarded" },
};

describe("ProxyBackend and the contract", () => {
  it("knows every member that CacheBackend has at run time", () => {
    const known = new Set<string | symbol>([...Object.keys(contract), Symbol.asyncDispose, "constructor", "report"]);
    const missing = Reflect.ownKeys(CacheBackend.prototype).filter((member) => !known.has(member));
    expect(missing).toEqual([]);
  });

  for (const member of Reflect.ownKeys(contract) as (keyof CacheBackend)[]) {
    const reach = contract[member];
    if (typeof reach !== "function") continue;
    it(`forwards ${String(member)}`, async () => {
      const touched = new Set<string | symbol>();
      const store = new AuthorityStore({ clock: new ManualClock() });
      const spied = new Proxy<CacheBackend>(new ReferenceAuthority(store), {
        get(target, property) {
          touched.add(property);
          const value: unknown = Reflect.get(target, property, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
      const proxy = new PlainProxy(spied);
      touched.clear();
      await reach(proxy);
      expect([...touched]).toContain(member);
    });
  }

  it("has an optional operation exactly if the wrapped backend has it", () => {
    const bare = new PlainProxy(new ProbeBackend());
    expect([bare.revisions, bare.clear, bare.scoped]).toEqual([undefined, undefined, undefined]);
    const full = new PlainProxy(new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() })));
    expect([typeof full.revisions, typeof full.clear]).toEqual(["function", "function"]);
  });

  it("disposes what it wraps", async () => {
    const probe = new ProbeBackend();
    await new PlainProxy(probe)[Symbol.asyncDispose]();
    expect(probe.closed).toBe(1);
  });

  it("refuses to wrap what is no backend", () => {
    expect(() => new PlainProxy({} as CacheBackend)).toThrow(ConfigurationError);
  });
});

describe("around", () => {
  const seen: [Operation, readonly string[]][] = [];

  class Around extends ProxyBackend {
    protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
      seen.push([operation, keys]);
      return run();
    }
  }

  const calls: Readonly<Record<Operation, (proxy: CacheBackend) => unknown>> = {
    get: (proxy) => proxy.get("a"),
    getMulti: (proxy) => proxy.getMulti(["a"]),
    set: (proxy) => proxy.set("a", entry(1)),
    setMulti: (proxy) => proxy.setMulti(new Map([["a", entry(1)]])),
    delete: (proxy) => proxy.delete("a"),
    deleteMulti: (proxy) => proxy.deleteMulti(["a"]),
    revisions: (proxy) => proxy.revisions?.(["a"]),
    clear: (proxy) => proxy.clear?.(),
    "leases.renew": (proxy) => proxy.leases?.renew(["a"], "t", 1),
    "leases.release": (proxy) => proxy.leases?.release(["a"], "t"),
    "guards.tickets": (proxy) => proxy.guards?.tickets(["a"]),
    "marks.put": (proxy) => proxy.marks?.put(["a"], "hard", 0),
    "marks.lookup": (proxy) => proxy.marks?.lookup(["a"]),
  };

  beforeEach(() => void seen.splice(0));

  it.each(operations)("is called once for %s", async (operation) => {
    await calls[operation](new Around(new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }))));
    expect(seen).toEqual([[operation, operation === "clear" ? [] : ["a"]]]);
  });

  it("gets the caller's keys where keys are mapped", async () => {
    class Mapped extends Around {
      protected override toInner(key: string): string {
        return `x${key}`;
      }
      protected override fromInner(key: string): string {
        return key.slice(1);
      }
    }
    const proxy = new Mapped(new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() })));
    for (const operation of operations) await calls[operation](proxy);
    expect(seen).toEqual(operations.map((operation) => [operation, operation === "clear" ? [] : ["a"]]));
  });

  it("hands a shorter deadline to the wrapped backend", async () => {
    class Limit extends ProxyBackend {
      protected override around<T>(_: Operation, run: Run<T>): Awaitable<T> {
        return run(7);
      }
    }
    const probe = new ProbeBackend();
    const proxy = new Limit(probe);
    await proxy.get("a");
    await proxy.getMulti(["a"], { deadline: 9 });
    await proxy.set("a", entry(1), { sender: "me" });
    await proxy.setMulti(new Map([["a", entry(1)]]));
    await proxy.delete("a");
    await proxy.deleteMulti(["a"]);
    expect(probe.calls.map((call) => call.context?.deadline)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(probe.calls[2]?.context).toMatchObject({ sender: "me" });
  });
});

describe("encode and decode", () => {
  class Picky extends ProxyBackend {
    protected override encode(given: CachedValue, key: string): CachedValue {
      if (key === "bad") throw new SerializationError("can't encode this");
      return entry({ wrapped: given.payload });
    }
    protected override decode(found: CachedValue, key: string): Found {
      if (key === "unreadable") throw new SerializationError("can't decode this");
      if (key === "broken") throw new Error("no key to decrypt with");
      if (key === "useless") return NO_VALUE;
      return entry((found.payload as { readonly wrapped: unknown }).wrapped);
    }
  }

  const keys = ["a", "unreadable", "broken", "useless", "absent"];
  let probe: ProbeBackend;
  let proxy: Picky;

  beforeEach(async () => {
    probe = new ProbeBackend();
    proxy = new Picky(probe);
    await proxy.setMulti(new Map(keys.slice(0, 4).map((key) => [key, entry(key)])));
  });

  it("a failure to encode is that key's alone", async () => {
    const outcomes = await proxy.setMulti(new Map(["good", "bad"].map((key) => [key, entry(key)])));
    expect(outcomes?.get("bad")).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
    expect(probe.entries.get("good")?.payload).toEqual({ wrapped: "good" });
    expect(probe.entries.has("bad")).toBe(false);
    expect(await proxy.set("bad", entry("bad"))).toMatchObject({ status: "failed", error: { code: "SERIALIZATION" } });
  });

  it("what can't be decoded is a miss and an incident, or that key's failure, single and multi alike", async () => {
    const incidents: (string | undefined)[] = [];
    proxy.watch((incident) => incidents.push(incident.key));
    const multi = await proxy.getMulti(keys);
    const single: Found[] = [];
    for (const key of keys) single.push(await proxy.get(key));
    for (const found of [multi, single]) {
      expect((found[0] as CachedValue).payload).toBe("a");
      expect(found[1]).toBe(NO_VALUE);
      expect(found[2]).toBeInstanceOf(ReadFailure);
      expect((found[2] as ReadFailure).error).toMatchObject({ code: "BACKEND", operation: "decode" });
      expect(found.slice(3)).toEqual([NO_VALUE, NO_VALUE]);
    }
    expect(incidents).toEqual(["unreadable", "unreadable"]);
  });

  it("a failure's candidate is decoded, and left out where it can't be", async () => {
    const error = new SerializationError("far away");
    probe.script = (key) => new ReadFailure("far", error, key === "bare" ? undefined : entry({ wrapped: key }));
    const [a, unreadable, bare] = await proxy.getMulti(["a", "unreadable", "bare"]);
    expect(a).toMatchObject({ tier: "far", error, candidate: { payload: "a" } });
    expect(unreadable).toMatchObject({ tier: "far", error, candidate: undefined });
    expect(bare).toMatchObject({ tier: "far", error, candidate: undefined });
  });

  it("stays synchronous around a synchronous backend", () => {
    const sync = new Picky(new MapBackend({ clock: new ManualClock(0) }));
    expect(sync.set("a", entry(1))).toBe(undefined);
    expect((sync.get("a") as CachedValue).payload).toBe(1);
    expect(sync.getMulti(["a"])).toHaveLength(1);
  });
});

describe("keys", () => {
  it("a mapping without an inverse must say so, and hides the feed", () => {
    class Careless extends ProxyBackend {
      protected override toInner(key: string): string {
        return `hash of ${key}`;
      }
    }
    class Careful extends Careless {
      protected override get keysHaveInverse(): boolean {
        return false;
      }
    }
    const authority = new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }));
    expect(() => new Careless(authority)).toThrow(/fromInner/);
    expect(new Careful(authority).changes).toBe(undefined);
    expect(new Careful(authority).leases).not.toBe(undefined);
  });

  it("a feed speaks of the proxy's keys, and leaves strangers' out", async () => {
    class Prefixed extends ProxyBackend {
      protected override toInner(key: string): string {
        return `mine:${key}`;
      }
      protected override fromInner(key: string): string | undefined {
        return key.startsWith("mine:") ? key.slice(5) : undefined;
      }
    }
    const clock = new ManualClock();
    const authority = new ReferenceAuthority(new AuthorityStore({ clock }));
    const proxy = new Prefixed(authority);
    const heard = new RecordingListener();
    const leave = proxy.changes?.subscribe(heard);
    await clock.advance(0);
    await proxy.delete("a");
    await authority.delete("theirs");
    await authority.deleteMulti(["theirs", "mine:b"]);
    await clock.advance(0);
    expect(heard.notices.map((notice) => notice.keys)).toEqual([["a"], ["b"]]);
    leave?.();
  });
});
