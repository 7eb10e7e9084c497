import {
  type Awaitable,
  type BackendIncident,
  CacheBackend,
  CachedValue,
  type CacheMutex,
  ConfigurationError,
  type Found,
  type LeaseTable,
  type MarkTable,
  NO_VALUE,
  type ProtectionOptions,
  ProtectionProxy,
  ProxyBackend,
  protect,
  type ReadContext,
  ReadFailure,
  SerializationError,
  TimeoutError,
  UnavailableError,
  type WriteContext,
  type WriteOutcome,
  type WriteOutcomes,
} from "@cascata/core";
import { type Deferred, deferred, ManualClock, MapBackend, settled } from "@cascata/testing";
import { describe, expect, test } from "vitest";

const entry = new CachedValue("v", { createdAt: 0, startedAt: 0, formatVersion: 1 });

interface Call {
  readonly operation: string;
  readonly args: readonly unknown[];
  readonly answer: Deferred<unknown>;
}

/** Answers when the test says so; `instead` answers at once. */
class HandBackend extends CacheBackend {
  readonly name = "far";
  readonly calls: Call[] = [];
  instead: ((operation: string) => unknown) | undefined;
  state: "up" | "degraded" | "down" = "up";

  #call<T>(operation: string, ...args: unknown[]): Awaitable<T> {
    const answer = deferred<unknown>();
    this.calls.push({ operation, args, answer });
    return (this.instead === undefined ? answer.promise : this.instead(operation)) as Awaitable<T>;
  }

  get(key: string, context?: ReadContext): Awaitable<Found> {
    return this.#call("get", key, context);
  }
  getMulti(keys: readonly string[], context?: ReadContext): Awaitable<readonly Found[]> {
    return this.#call("getMulti", keys, context);
  }
  set(key: string, value: CachedValue, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return this.#call("set", key, value, context);
  }
  setMulti(mapping: ReadonlyMap<string, CachedValue>, context?: WriteContext): Awaitable<WriteOutcomes | void> {
    return this.#call("setMulti", mapping, context);
  }
  delete(key: string, context?: WriteContext): Awaitable<WriteOutcome | void> {
    return this.#call("delete", key, context);
  }
  deleteMulti(keys: readonly string[], context?: WriteContext): Awaitable<WriteOutcomes | void> {
    return this.#call("deleteMulti", keys, context);
  }
  override revisions(keys: readonly string[], context?: ReadContext): Awaitable<readonly ReadFailure[]> {
    return this.#call("revisions", keys, context);
  }
  override clear(): Awaitable<void> {
    return this.#call("clear");
  }
  override get leases(): LeaseTable {
    return {
      renew: (keys, token, ms) => this.#call("renew", keys, token, ms),
      release: (keys, token) => this.#call("release", keys, token),
    };
  }
  override get guards() {
    return { tickets: (keys: readonly string[]): Awaitable<readonly string[]> => this.#call("tickets", keys) };
  }
  override get marks(): MarkTable {
    return {
      put: (names, mode, at, sender) => this.#call("put", names, mode, at, sender),
      lookup: (names) => this.#call("lookup", names),
    };
  }
  override getMutex(key: string): CacheMutex {
    return {
      acquire: (wait) => this.#call("acquire", key, wait),
      release: () => this.#call("unlock", key),
      locked: () => this.#call("locked", key),
    };
  }
  override health() {
    return { state: this.state, since: 5, why: "inner" };
  }
  override close(): Awaitable<void> {
    return this.#call("close");
  }

  last(): Call {
    const call = this.calls.at(-1);
    if (call === undefined) throw new Error("no call was made");
    return call;
  }
  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length;
  }
}

function setUp(options: ProtectionOptions = {}) {
  const clock = new ManualClock();
  const far = new HandBackend();
  const proxy = new ProtectionProxy(far, { clock, random: () => 0, ...options });
  const incidents: BackendIncident[] = [];
  proxy.watch((incident) => incidents.push(incident));
  return { clock, far, proxy, incidents };
}

const operations: Readonly<Record<string, (backend: CacheBackend) => unknown>> = {
  get: (backend) => backend.get("a"),
  getMulti: (backend) => backend.getMulti(["a", "b"]),
  revisions: (backend) => backend.revisions?.(["a"]),
  clear: (backend) => backend.clear?.(),
  renew: (backend) => backend.leases?.renew(["a"], "token", 1000),
  release: (backend) => backend.leases?.release(["a"], "token"),
  tickets: (backend) => backend.guards?.tickets(["a"]),
  put: (backend) => backend.marks?.put(["tag"], "hard", 1),
  lookup: (backend) => backend.marks?.lookup(["tag"]),
  acquire: (backend) => backend.getMutex("a")?.acquire(false),
  unlock: (backend) => backend.getMutex("a")?.release(),
  locked: (backend) => backend.getMutex("a")?.locked(),
};
const writes: Readonly<Record<string, (backend: CacheBackend) => unknown>> = {
  set: (backend) => backend.set("a", entry),
  setMulti: (backend) =>
    backend.setMulti(
      new Map([
        ["a", entry],
        ["b", entry],
      ]),
    ),
  delete: (backend) => backend.delete("a"),
  deleteMulti: (backend) => backend.deleteMulti(["a", "b"]),
};

/** What a call came to, thrown or rejected. */
async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error;
  }
}

describe("deadline", () => {
  test.each(Object.entries(operations))("%s rejects at the deadline; a late answer harms nobody", async (name, run) => {
    const { clock, far, proxy } = setUp();
    const outcome = outcomeOf(() => run(proxy));
    await clock.advance(249);
    expect(proxy.inFlight).toBe(1);
    await clock.advance(1);
    const error = await outcome;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ afterMs: 250 });
    expect(proxy.inFlight).toBe(0);
    expect(clock.pending).toBe(0);
    expect(far.last().operation).toBe(name);
    far.last().answer.reject(new Error("late"));
    await settled();
  });

  test.each(Object.entries(writes))("%s answers `unknown` for each key", async (name, run) => {
    const { clock, proxy } = setUp();
    const answer = outcomeOf(() => run(proxy));
    await clock.advance(250);
    const unknown = { status: "unknown", error: expect.any(TimeoutError) };
    const multi = new Map([
      ["a", unknown],
      ["b", unknown],
    ]);
    expect(await answer).toEqual(name.endsWith("Multi") ? multi : unknown);
  });

  test("what is answered in time passes as it is", async () => {
    const { clock, far, proxy } = setUp();
    const found = proxy.get("a");
    far.last().answer.resolve(entry);
    expect(await found).toBe(entry);
    const outcome = proxy.set("a", entry);
    far.last().answer.resolve({ status: "refused", why: "ticket" });
    expect(await outcome).toEqual({ status: "refused", why: "ticket" });
    expect(clock.pending).toBe(0);
  });

  test("nothing is passed on after the caller's deadline: a read rejects, a write has failed", async () => {
    const { clock, far, proxy } = setUp();
    const deadline = clock.now();
    expect(await outcomeOf(() => proxy.get("a", { deadline }))).toBeInstanceOf(TimeoutError);
    expect(await proxy.set("a", entry, { deadline })).toMatchObject({ status: "failed", error: { code: "TIMEOUT" } });
    expect(await proxy.deleteMulti(["a"], { deadline })).toEqual(
      new Map([["a", expect.objectContaining({ status: "failed" })]]),
    );
    expect(far.calls).toEqual([]);
  });

  test("the earlier of the two deadlines holds, and the wrapped backend is told it", async () => {
    const { clock, far, proxy } = setUp();
    const judge = () => "fresh" as const;
    const start = clock.now();
    const hasty = outcomeOf(() => proxy.get("a", { judge, deadline: start + 100 }));
    expect(far.last().args[1]).toEqual({ judge, deadline: start + 100 });
    void outcomeOf(() => proxy.setMulti(new Map([["a", entry]]), { keepMs: 9, deadline: start + 9000 }));
    expect(far.last().args[1]).toEqual({ keepMs: 9, deadline: start + 250 });
    void outcomeOf(() => proxy.delete("a"));
    expect(far.last().args[1]).toEqual({ deadline: start + 250 });
    await clock.advance(100);
    expect(await hasty).toMatchObject({ code: "TIMEOUT", afterMs: 100 });
    await clock.advance(150);
  });

  test("an answer that is there at once passes without a promise or a timer", () => {
    const { clock, far, proxy } = setUp();
    far.instead = () => NO_VALUE;
    expect(proxy.get("a")).toBe(NO_VALUE);
    expect(proxy.inFlight).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test("Infinity leaves only the caller's deadline", async () => {
    const { clock, far, proxy } = setUp({ timeout: Number.POSITIVE_INFINITY });
    const found = proxy.get("a");
    expect(far.last().args[1]).toBeUndefined();
    expect(clock.pending).toBe(0);
    far.last().answer.resolve(entry);
    expect(await found).toBe(entry);
  });
});

describe("failures", () => {
  test.each(["thrown", "rejected"])("%s: a read's error as it is, a write's outcome", async (how) => {
    const { far, proxy } = setUp();
    const error = new Error("refused");
    far.instead = () => {
      if (how === "thrown") throw error;
      return Promise.reject(error);
    };
    expect(await outcomeOf(() => proxy.getMulti(["a"]))).toBe(error);
    expect(await proxy.delete("a")).toMatchObject({ status: "failed", error: { code: "BACKEND", cause: error } });
    expect(await proxy.setMulti(new Map([["a", entry]]))).toEqual(
      new Map([["a", expect.objectContaining({ status: "failed" })]]),
    );
    expect(proxy.inFlight).toBe(0);
  });
});

describe("circuit", () => {
  const failure = new ReadFailure("far", new TimeoutError("far", 250));
  const failed: WriteOutcome = { status: "unknown", error: new TimeoutError("far", 250) };

  test("opens with timeouts; then nothing is sent, every call fails at once", async () => {
    const { clock, far, proxy, incidents } = setUp();
    const first = Array.from({ length: 3 }, () => outcomeOf(() => proxy.get("a")));
    await clock.advance(250);
    await Promise.all(first);
    expect(proxy.breaker?.state).toBe("open");
    expect(incidents).toEqual([{ backend: "far", what: "circuit open", error: expect.any(TimeoutError) }]);
    far.calls.length = 0;
    for (const run of Object.values(operations))
      expect(await outcomeOf(() => run(proxy))).toBeInstanceOf(UnavailableError);
    expect(await outcomeOf(() => proxy.getMutex("a")?.acquire(true))).toBeInstanceOf(UnavailableError);
    expect(await proxy.set("a", entry)).toMatchObject({ status: "failed", error: { code: "UNAVAILABLE" } });
    expect(await proxy.deleteMulti(["a"])).toEqual(new Map([["a", expect.objectContaining({ status: "failed" })]]));
    expect(far.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("one probe passes after the wait and closes it", async () => {
    const { clock, far, proxy, incidents } = setUp({ breaker: { timeouts: 1, retryAfter: 100 } });
    const lost = outcomeOf(() => proxy.get("a"));
    await clock.advance(250);
    await lost;
    await clock.advance(100);
    far.calls.length = 0;
    const probe = proxy.get("a");
    expect(await outcomeOf(() => proxy.get("b"))).toBeInstanceOf(UnavailableError);
    expect(far.calls).toHaveLength(1);
    far.last().answer.resolve(NO_VALUE);
    expect(await probe).toBe(NO_VALUE);
    expect(proxy.breaker?.state).toBe("closed");
    expect(incidents.map(({ what }) => what)).toEqual(["circuit open", "circuit half-open", "circuit closed"]);
  });

  test("a read that probes does not keep its caller for the deadline, and its answer counts all the same", async () => {
    const { clock, far, proxy } = setUp({ breaker: { timeouts: 1, retryAfter: 100 } });
    const lost = outcomeOf(() => proxy.get("a"));
    await clock.advance(250);
    await lost;
    await clock.advance(100);
    const probe = outcomeOf(() => proxy.get("a"));
    await clock.advance(5);
    expect(await probe).toBeInstanceOf(TimeoutError);
    expect(proxy.breaker?.state).toBe("half-open");
    await clock.advance(100);
    far.last().answer.resolve(NO_VALUE);
    await clock.advance(0);
    expect(proxy.breaker?.state).toBe("closed");
    const write = proxy.set("a", entry);
    await clock.advance(100);
    far.last().answer.resolve({ status: "stored" });
    expect(await write).toMatchObject({ status: "stored" });
  });

  test.each<[string, (proxy: CacheBackend) => unknown, unknown]>([
    ["a read failure", (proxy) => proxy.get("a"), failure],
    ["a batch of nothing but read failures", (proxy) => proxy.getMulti(["a", "b"]), [failure, failure]],
    ["failed revisions", (proxy) => proxy.revisions?.(["a"]), [failure]],
    ["a failed write", (proxy) => proxy.set("a", entry), failed],
    [
      "a batch of nothing but failed writes",
      (proxy) => proxy.deleteMulti(["a", "b"]),
      new Map([
        ["a", failed],
        ["b", failed],
      ]),
    ],
  ])("%s that was answered counts", async (_name, run, answer) => {
    const { far, proxy } = setUp({ breaker: { timeouts: 1 } });
    far.instead = () => Promise.resolve(answer);
    expect(await run(proxy)).toBe(answer);
    expect(proxy.breaker?.state).toBe("open");
  });

  test.each<[string, (proxy: CacheBackend) => unknown, unknown]>([
    ["a batch that failed in part", (proxy) => proxy.getMulti(["a", "b"]), [failure, NO_VALUE]],
    [
      "outcomes that name fewer keys than were written",
      (proxy) => proxy.deleteMulti(["a", "b"]),
      new Map([["a", failed]]),
    ],
    ["a refusal", (proxy) => proxy.set("a", entry), { status: "refused", why: "full" }],
    ["an empty batch", (proxy) => proxy.getMulti([]), []],
    ["no answer at all", (proxy) => proxy.set("a", entry), undefined],
    ["bytes that can't be read", (proxy) => proxy.get("a"), new ReadFailure("far", new SerializationError("bad"))],
  ])("%s does not", async (_name, run, answer) => {
    const { far, proxy } = setUp({ breaker: { timeouts: 1, minimumCalls: 1, failureRate: 0.01 } });
    far.instead = () => Promise.resolve(answer);
    for (let i = 0; i < 5; i++) await run(proxy);
    expect(proxy.breaker?.state).toBe("closed");
    expect(proxy.health().state).toBe("up");
  });

  test("a caller in a hurry does not open it", async () => {
    const { clock, proxy } = setUp({ breaker: { timeouts: 1 } });
    const hasty = outcomeOf(() => proxy.get("a", { deadline: clock.now() + 5 }));
    await clock.advance(5);
    await hasty;
    expect(proxy.breaker?.state).toBe("closed");
    const patient = outcomeOf(() => proxy.get("a", { deadline: clock.now() + 249 }));
    await clock.advance(249);
    await patient;
    expect(proxy.breaker?.state).toBe("open");
  });

  test("false: none", async () => {
    const { far, proxy } = setUp({ breaker: false });
    far.instead = () => Promise.reject(new TimeoutError("far", 1));
    for (let i = 0; i < 50; i++) await outcomeOf(() => proxy.get("a"));
    expect(far.calls).toHaveLength(50);
    expect(proxy.breaker).toBeUndefined();
  });
});

describe("in flight", () => {
  test("beyond the cap calls fail at once, and a place is free again after an answer or the deadline", async () => {
    const { clock, far, proxy } = setUp({ maxInFlight: 2, breaker: false });
    const answered = proxy.get("a");
    const lost = outcomeOf(() => proxy.get("b"));
    expect(await outcomeOf(() => proxy.get("c"))).toBeInstanceOf(UnavailableError);
    expect(await proxy.set("c", entry)).toMatchObject({ status: "failed", error: { code: "UNAVAILABLE" } });
    expect(far.calls).toHaveLength(2);
    far.calls[0]?.answer.resolve(NO_VALUE);
    await answered;
    expect(proxy.inFlight).toBe(1);
    await clock.advance(250);
    await lost;
    expect(proxy.inFlight).toBe(0);
  });
});

describe("mutex", () => {
  test("waiting for one's turn outlasts the operation deadline, not `lockWait`, and takes no place in flight", async () => {
    const { clock, far, proxy } = setUp({ lockWait: "2s", maxInFlight: 1 });
    const mutex = proxy.getMutex("a");
    const first = mutex?.acquire();
    await clock.advance(1999);
    expect(proxy.inFlight).toBe(0);
    far.last().answer.resolve(true);
    expect(await first).toBe(true);
    const second = mutex?.acquire(true);
    await clock.advance(2000);
    expect(await second).toBe(false);
    expect(proxy.breaker?.state).toBe("closed");
  });

  test.each([true, false])("a lock that is granted late is given back (wait: %s)", async (wait) => {
    const { clock, far, proxy } = setUp({ lockWait: "2s" });
    const held = outcomeOf(() => proxy.getMutex("a")?.acquire(wait));
    const acquire = far.last();
    await clock.advance(2000);
    await held;
    expect(far.count("unlock")).toBe(0);
    acquire.answer.resolve(true);
    await settled();
    expect(far.count("unlock")).toBe(1);
    far.last().answer.reject(new Error("gone"));
    await settled();
  });

  test("one that was not granted late is not given back", async () => {
    const { clock, far, proxy } = setUp();
    const held = outcomeOf(() => proxy.getMutex("a")?.acquire(false));
    await clock.advance(250);
    await held;
    far.last().answer.resolve(false);
    await settled();
    expect(far.count("unlock")).toBe(0);
  });

  test("no mutex stays none", () => {
    expect(new ProtectionProxy(new MapBackend()).getMutex("a")).toBeNull();
  });
});

describe("health", () => {
  test("up, degraded, down with since and why, up again", async () => {
    const { clock, far, proxy } = setUp({ breaker: { timeouts: 2, retryAfter: 100 } });
    expect(proxy.health()).toEqual({ state: "up", since: 5, why: "inner" });
    far.instead = () => Promise.reject(new TimeoutError("far", 250));
    const since = clock.now();
    await outcomeOf(() => proxy.get("a"));
    expect(proxy.health()).toEqual({ state: "degraded", since, why: "far did not finish within 250 ms" });
    await outcomeOf(() => proxy.get("a"));
    await clock.advance(50);
    expect(proxy.health()).toMatchObject({ state: "down", since });
    far.instead = () => NO_VALUE;
    await clock.advance(50);
    void proxy.get("a");
    expect(proxy.health().state).toBe("up");
  });

  test("the worse of the two", async () => {
    const { far, proxy } = setUp({ breaker: { timeouts: 1 } });
    far.state = "down";
    far.instead = () => Promise.reject(new TimeoutError("far", 250));
    await outcomeOf(() => proxy.get("a"));
    expect(proxy.health()).toEqual({ state: "down", since: 5, why: "inner" });
    far.state = "degraded";
    expect(proxy.health()).toMatchObject({ state: "down", why: "far did not finish within 250 ms" });
  });
});

test("close is bounded", async () => {
  const { clock, proxy } = setUp();
  const closed = outcomeOf(() => proxy.close());
  await clock.advance(5000);
  expect(await closed).toBeInstanceOf(TimeoutError);
});

describe("protect", () => {
  test("leaves a backend alone that can't hang", () => {
    const near = new MapBackend();
    expect(protect(near)).toBe(near);
  });

  test("wraps a remote one once, also under another proxy", () => {
    const wrapped = protect(new HandBackend(), { timeout: "50ms" });
    expect(wrapped).toBeInstanceOf(ProtectionProxy);
    expect(wrapped).toMatchObject({ timeoutMs: 50, maxInFlight: 1024 });
    expect(protect(wrapped)).toBe(wrapped);
    const other = new (class extends ProxyBackend {})(wrapped);
    expect(protect(other)).toBe(other);
  });

  test("adds only what is missing", () => {
    const slow = new ProtectionProxy(new HandBackend(), {
      timeout: "2s",
      breaker: false,
      maxInFlight: Number.POSITIVE_INFINITY,
    });
    const added = protect(slow);
    expect(added).toMatchObject({ timeoutMs: Number.POSITIVE_INFINITY, maxInFlight: 1024 });
    expect((added as ProtectionProxy).breaker?.state).toBe("closed");
    expect(protect(added)).toBe(added);
  });

  test("the breaker outside sees the timeouts inside", async () => {
    const clock = new ManualClock();
    const far = new HandBackend();
    const options = { clock, random: () => 0 };
    const inner = new ProtectionProxy(far, { ...options, timeout: 50, breaker: false });
    const outer = protect(inner, { ...options, breaker: { timeouts: 2 } }) as ProtectionProxy;
    const calls = [outcomeOf(() => outer.get("a")), outcomeOf(() => outer.set("a", entry))];
    await clock.advance(50);
    await Promise.all(calls);
    expect(outer.breaker?.state).toBe("open");
  });
});

test.each([
  [{ timeout: "1 fortnight" }, "protection.timeout"],
  [{ maxInFlight: 0 }, "protection.maxInFlight"],
  [{ lockWait: -1 }, "protection.lockWait"],
  [{ breaker: { timeouts: -1 } }, "protection.breaker.timeouts"],
  [{ timeot: 5 }, 'did you mean "timeout"?'],
])("refuses %j", (options, says) => {
  const make = () => new ProtectionProxy(new HandBackend(), options as ProtectionOptions);
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(says);
});
