import { ClosedError, type Region, type RegionOptions, RemoteCreatorError } from "@cascata/core";
import { type Deferred, deferred, FaultyProxy, type ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";

class Refused extends Error {
  override readonly name = "Refused";
  readonly code = "E_REFUSED";
}

interface Told {
  readonly value?: unknown;
  readonly error?: unknown;
}

/** Three processes over one authority. */
async function processes(options: Partial<Record<"a" | "b" | "c", Partial<RegionOptions>>> = {}) {
  const cluster = new Cluster();
  const { clock } = cluster;
  const roads = { a: new Road(clock), b: new Road(clock), c: new Road(clock) };
  const linkOf = ({ transport }: Road) => new FaultyProxy(cluster.client({ transport }));
  const links = { a: linkOf(roads.a), b: linkOf(roads.b), c: linkOf(roads.c) };
  const open = (sender: "a" | "b" | "c"): Region =>
    cluster.open({ far: links[sender], chain: { sender }, random: () => 0.5, ...options[sender] });
  const [a, b, c] = [open("a"), open("b"), open("c")];
  await cluster.connected();
  return { clock, a, b, c, links, roads };
}

function told(call: Promise<unknown>): Told {
  const what: { value?: unknown; error?: unknown } = {};
  call.then(
    (value) => {
      what.value = value;
    },
    (error: unknown) => {
      what.error = error;
    },
  );
  return what;
}

/** Asks for "k" by way of a creator that counts its calls. */
function counted(region: Region) {
  let calls = 0;
  const own = () => {
    calls += 1;
    return "b's own";
  };
  return { second: told(region.getOrCreate("k", own)), own, calls: () => calls };
}

/** `a` creates, `b` waits for it; the rest is the test's. */
async function contested(options: Parameters<typeof processes>[0] = {}) {
  const all = await processes(options);
  const work: Deferred<string> = deferred();
  const first = told(all.a.getOrCreate("k", () => work.promise));
  await all.clock.advance(1);
  const asked = counted(all.b);
  await all.clock.advance(1);
  return { ...all, work, first, ...asked };
}

describe("a creator that fails", () => {
  it("fails those who wait for it in other processes, at once, and nobody calls it again", async () => {
    const { clock, work, first, second, b, own, calls } = await contested();
    const joined = told(b.getOrCreate("k", own));
    const inBatch = told(b.getOrCreateMulti(["k"], () => [own()], { errors: "throw" } as never));
    const error = new Refused("the origin said no");
    work.reject(error);
    await clock.advance(0);
    expect(first.error).toBe(error);
    for (const { error: other } of [second, joined]) {
      expect(other).toBeInstanceOf(RemoteCreatorError);
      expect(other).not.toBeInstanceOf(Refused);
      expect(other).toMatchObject({ name: "Refused", message: "the origin said no", code: "E_REFUSED" });
      expect(String(other)).toBe(String(error));
      expect((other as RemoteCreatorError).lease).toMatch(/^a\.\d+$/);
    }
    expect(joined.error).toBe(second.error);
    expect(inBatch.error).toBeDefined();
    expect(calls()).toBe(0);
  });

  it("concerns nobody who asks afterwards", async () => {
    const { clock, work, b, c, own, calls } = await contested();
    work.reject(new Refused("no"));
    await clock.advance(0);
    const later = [told(b.getOrCreate("k", own)), told(c.getOrCreate("k", own))];
    await clock.advance(0);
    expect(later.map(({ value }) => value)).toEqual(["b's own", "b's own"]);
    expect(calls()).toBe(1);
  });

  it("concerns nobody who waits for another creation of the key, though the news comes meanwhile", async () => {
    const { clock, roads, a, b, c } = await processes();
    const [first, others]: Deferred<string>[] = [deferred(), deferred()];
    void told(a.getOrCreate("k", () => first?.promise));
    await clock.advance(1);
    roads.b.lag.feed = 50;
    first?.reject(new Refused("no"));
    await clock.advance(1);
    const second = told(c.getOrCreate("k", () => others?.promise));
    await clock.advance(1);
    const third = told(b.getOrCreate("k", () => "b's own"));
    await clock.advance(60);
    expect([second, third]).toEqual([{}, {}]);
    others?.resolve("c's");
    await clock.advance(60);
    expect([second.value, third.value]).toEqual(["c's", "c's"]);
  });

  it("is heard of though the answer that says who creates arrives later than the news", async () => {
    const { clock, roads, work, c, own, calls } = await contested();
    roads.c.lag.data = 50;
    const third = told(c.getOrCreate("k", own));
    await clock.advance(1);
    work.reject(new Refused("no"));
    await clock.advance(0);
    expect(third).toEqual({});
    await clock.advance(60);
    expect(third.error).toMatchObject({ name: "Refused" });
    expect(calls()).toBe(0);
  });

  it("leaves its place to the next where the news is lost", async () => {
    const { clock, roads, work, second, calls } = await contested();
    roads.b.lag.feed = 1_000_000;
    work.reject(new Refused("no"));
    await clock.advance(1000);
    expect([second.value, calls()]).toEqual(["b's own", 1]);
  });

  it.each([["fallback", { fallback: () => "instead" }, "instead"]])(
    "ends each waiting call by its own options: %s",
    async (_, options, expected) => {
      const { clock, work, c, own, calls } = await contested();
      const third = told(c.getOrCreate("k", own, options));
      await clock.advance(1);
      work.reject(new Refused("no"));
      await clock.advance(0);
      expect([third.value, calls()]).toEqual([expected, 0]);
    },
  );

  it("is remembered by every process for `errorTtl`", async () => {
    const { clock, work, second, b, own, calls } = await contested({ b: { errorTtl: "1s" } });
    work.reject(new Refused("no"));
    await clock.advance(500);
    const again = told(b.getOrCreate("k", own));
    await clock.advance(0);
    expect(again.error).toBe(second.error);
    await clock.advance(600);
    const later = told(b.getOrCreate("k", own));
    await clock.advance(0);
    expect([later.value, calls()]).toEqual(["b's own", 1]);
  });

  it("is told by name, message and code alone, each cut to its bound", async () => {
    const { clock, work, second } = await contested();
    const error = Object.assign(new Error("m".repeat(10_000)), {
      name: "n".repeat(1000),
      code: "c".repeat(1000),
      payload: "secret",
      cause: "secret",
    });
    work.reject(error);
    await clock.advance(0);
    const { name, message, code } = second.error as RemoteCreatorError;
    expect([name.length, message.length, String(code).length]).toEqual([100, 500, 100]);
    expect(JSON.stringify({ ...(second.error as object) })).not.toContain("secret");
  });

  it.each([
    ["a text", "just so", { name: "Error", message: "just so" }],
    ["nothing", undefined, { name: "Error", message: "undefined" }],
    ["a number for a code", Object.assign(new TypeError("t"), { code: 404 }), { name: "TypeError", code: 404 }],
    ["an object for a code", Object.assign(new TypeError("t"), { code: {} }), { name: "TypeError", message: "t" }],
  ])("may have thrown %s", async (_, thrown, expected) => {
    const { clock, work, second } = await contested();
    work.reject(thrown as Error);
    await clock.advance(0);
    expect(second.error).toBeInstanceOf(RemoteCreatorError);
    expect(second.error).toMatchObject(expected);
  });
});

describe("a batch whose keys fail", () => {
  it("fails each waiting key by its own error, and no other one", async () => {
    const { clock, a, b } = await processes();
    const work: Deferred<void> = deferred();
    const keys = ["x", "y", "z"];
    void a
      .getOrCreateMulti(keys, async (_keys, context) => {
        await work.promise;
        return [context.failed(new Refused("x is out")), "y", context.failed(new RangeError("z is out"))];
      })
      .catch(() => undefined);
    await clock.advance(1);
    let calls = 0;
    const waiting = keys.map((key) =>
      told(
        b.getOrCreate(key, () => {
          calls += 1;
          return "own";
        }),
      ),
    );
    await clock.advance(1);
    work.resolve();
    await clock.advance(0);
    expect(waiting[0]?.error).toMatchObject({ name: "Refused", message: "x is out" });
    expect(waiting[1]).toEqual({ value: "y" });
    expect(waiting[2]?.error).toMatchObject({ name: "RangeError", message: "z is out" });
    expect(calls).toBe(0);
  });
});

describe("what says nothing of the key is not shared: the others go on and take the lease", () => {
  async function expectTaken(run: () => Promise<{ clock: ManualClock; second: Told; calls(): number }>) {
    const { clock, second, calls } = await run();
    await clock.advance(0);
    expect(second).toEqual({ value: "b's own" });
    expect(calls()).toBe(1);
  }

  it("a creation that was stopped because its last caller left", async () => {
    await expectTaken(async () => {
      const all = await processes();
      const leaving = new AbortController();
      void told(
        all.a.getOrCreate(
          "k",
          ({ signal }) =>
            new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Refused("stopped")))),
          { signal: leaving.signal },
        ),
      );
      await all.clock.advance(1);
      const asked = counted(all.b);
      await all.clock.advance(1);
      leaving.abort();
      return { ...all, ...asked };
    });
  });

  it("a creation that was stopped by its callers' hard timeout", async () => {
    await expectTaken(async () => {
      const all = await processes();
      void told(
        all.a.getOrCreate(
          "k",
          ({ signal }) =>
            new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Refused("stopped")))),
          { hardTimeout: 20 },
        ),
      );
      await all.clock.advance(1);
      const asked = counted(all.b);
      await all.clock.advance(30);
      return { ...all, ...asked };
    });
  });

  it.each([
    ["what was aborted", Object.assign(new Error("aborted"), { name: "AbortError" })],
    ["what was closed", new ClosedError("the pool")],
    [
      "an error that can't be looked at",
      new Proxy(new Error("x"), {
        get() {
          throw new Error("not for you");
        },
      }),
    ],
  ])("%s", async (_, error) => {
    await expectTaken(async () => {
      const all = await contested();
      all.work.reject(error);
      return all;
    });
  });

  it("a creation in a region that is closing", async () => {
    await expectTaken(async () => {
      const all = await contested();
      void all.a.close();
      all.work.reject(new Refused("the pool has gone"));
      return all;
    });
  });

  it.each(["a", "b"] as const)("an error, where the region of %s keeps to its own", async (process) => {
    await expectTaken(async () => {
      const all = await contested({ [process]: { shareErrors: false } });
      all.work.reject(new Refused("no"));
      return all;
    });
  });

  it("a creation that began before an invalidation, for those who asked after it", async () => {
    const { clock, a, b } = await processes();
    const work: Deferred<string> = deferred();
    void told(a.getOrCreate("k", () => work.promise));
    await clock.advance(1);
    await b.invalidateTags(["anything"]);
    const { second, calls } = counted(b);
    await clock.advance(1);
    work.reject(new Refused("no"));
    await clock.advance(0);
    expect([second.value, calls()]).toEqual(["b's own", 1]);
  });

  it("another one's failure, to a caller that wants a creation of its own", async () => {
    const { clock, work, c, own } = await contested();
    const third = told(c.getOrCreate("k", own, { forceRefresh: true }));
    await clock.advance(1);
    work.reject(new Refused("no"));
    await clock.advance(0);
    expect(third.value).toBe("b's own");
  });
});

describe("a lease that is given back late", () => {
  it("is given back without its failure: by then others have asked for the key anew", async () => {
    const { clock, links, work, second, calls } = await contested();
    links.a.fail({ operation: "leases.release" });
    work.reject(new Refused("no"));
    await clock.advance(10);
    links.a.heal();
    await clock.advance(500);
    expect([second.value, calls()]).toEqual(["b's own", 1]);
  });

  it("is given back with all the keys of its token", async () => {
    const { clock, links, a, b } = await processes();
    links.a.fail({ operation: "leases.release" });
    void a
      .getOrCreateMulti(["x", "y"], (_keys, context) => [
        context.failed(new Refused("x is out")),
        context.failed(new RangeError("y is out")),
      ])
      .catch(() => undefined);
    await clock.advance(10);
    links.a.heal();
    await clock.advance(300);
    const values = [told(b.getOrCreate("x", () => 1)), told(b.getOrCreate("y", () => 2))];
    await clock.advance(0);
    expect(values.map(({ value }) => value)).toEqual([1, 2]);
  });
});
