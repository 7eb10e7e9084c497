import { getEventListeners } from "node:events";
import { type CreateOptions, NO_VALUE, type RegionOptions, TimeoutError } from "@cascata/core";
import { deferred, settled } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { Cluster, Road } from "./cluster.ts";
import { depths, type Make, makeStale, type Scene, sceneOf, soon, ways } from "./policy-scene.ts";

/** A creator that is told when to end. */
function held() {
  const made = deferred<unknown>();
  let calls = 0;
  let signal: AbortSignal | undefined;
  const deaf: Make = () => {
    calls += 1;
    return made.promise;
  };
  const make: Make = (context, stop) => {
    signal = stop();
    return deaf(context, stop);
  };
  return { make, deaf, made, calls: () => calls, aborted: () => signal?.aborted };
}

describe.each(ways)("a wait for another process's creation, $name", ({ ask }) => {
  it("is over when its last caller has left: nothing is created for nobody", async () => {
    const { region, clock, another } = await sceneOf("memory, authority", { leaseWait: 1000 });
    const made = deferred<string>();
    const elsewhere = another().getOrCreate("k", () => made.promise);
    await soon(elsewhere);
    const { make, calls } = held();
    const hurried = ask(region, make, { hardTimeout: 50 });
    await clock.advance(50);
    expect(await soon(hurried)).toBeInstanceOf(TimeoutError);
    await clock.advance(5000);
    expect(calls()).toBe(0);
    const patient = ask(region, make);
    await soon(patient);
    made.resolve("made elsewhere");
    await clock.advance(500);
    expect([await patient, await elsewhere, calls()]).toEqual(["made elsewhere", "made elsewhere", 0]);
  });
});

it("an announcement that overtakes the answer which makes a reader wait is not missed", async () => {
  const cluster = new Cluster();
  const { clock } = cluster;
  const road = new Road(clock);
  road.lags = (operation) => operation === "get";
  const [slow, other] = [
    cluster.open({ far: cluster.client({ transport: road.transport }), ttl: "1h" }),
    cluster.open({ ttl: "1h" }),
  ];
  for (const region of [slow, other]) await region.get("first");
  await clock.advance(5);
  // An announcement from before says nothing of what comes after.
  await other.getOrCreate("k", () => "made before", { awaitFill: true });
  await other.delete("k");
  const made = deferred<string>();
  const elsewhere = other.getOrCreate("k", () => made.promise, { awaitFill: true });
  await settled();
  road.lag.data = 10;
  road.reached.length = 0;
  const waiting = slow.getOrCreate("k", () => "never called");
  await clock.advance(105);
  expect(road.reached.filter((operation) => operation === "get")).toHaveLength(1);
  made.resolve("made elsewhere");
  await clock.advance(20);
  expect(await soon(waiting)).toBe("made elsewhere");

  const quick = deferred<string>();
  const creation = other.getOrCreate("j", () => quick.promise, { awaitFill: true });
  await settled();
  const overtaken = slow.getOrCreate("j", () => "never called");
  await clock.advance(5);
  quick.resolve("made quickly");
  expect([await elsewhere, await creation]).toEqual(["made elsewhere", "made quickly"]);
  // Ten for the answer that another process is at it, ten for the value, and no poll between.
  await clock.advance(15);
  expect(await soon(overtaken)).toBe("made quickly");
});

describe.each(depths)("%s", (depth) => {
  const open = (options: Partial<RegionOptions> = {}): Promise<Scene> => sceneOf(depth, options);

  describe.each(ways)("$name: soft timeout", ({ ask }) => {
    it("gives the stale value to who regenerates, no sooner and no later, and keeps the result", async () => {
      const scene = await open({ grace: "1h", softTimeout: 50 });
      const { region, clock } = scene;
      await makeStale(scene);
      const reasons: string[] = [];
      region.on("stale", ({ reason }) => void reasons.push(reason));
      const { make, made, calls } = held();
      const leader = ask(region, make);
      expect(await soon(leader)).toBe("pending");
      expect(await soon(ask(region, make))).toBe("old");
      await clock.advance(49);
      expect(await soon(leader)).toBe("pending");
      await clock.advance(1);
      expect(await soon(leader)).toBe("old");
      expect(reasons).toEqual(["refreshing", "soft-timeout"]);
      made.resolve("new");
      await clock.advance(1);
      expect([region.peek("k"), calls()]).toEqual(["new", 1]);
    });

    it("of 0 is stale-while-revalidate", async () => {
      const scene = await open({ grace: "1h" });
      await makeStale(scene);
      const { make, made, calls } = held();
      expect(await soon(ask(scene.region, make, { softTimeout: 0 }))).toBe("old");
      expect(await soon(ask(scene.region, make, { softTimeout: 0 }))).toBe("old");
      made.resolve("new");
      await scene.clock.advance(1);
      expect([scene.region.peek("k"), calls()]).toEqual(["new", 1]);
    });

    it("of Infinity waits for the creator", async () => {
      const scene = await open({ grace: "1h" });
      await makeStale(scene);
      const { make, made } = held();
      const leader = ask(scene.region, make);
      await scene.clock.advance(60_000);
      expect(await soon(leader)).toBe("pending");
      made.resolve("new");
      expect(await leader).toBe("new");
    });

    it("gives nothing stale once the grace is over", async () => {
      const scene = await open({ grace: 100, softTimeout: 200 });
      await makeStale(scene);
      const { deaf: make, made, calls } = held();
      const leader = ask(scene.region, make);
      await scene.clock.advance(60);
      const joined = ask(scene.region, make);
      expect(await soon(joined)).toBe("pending");
      await scene.clock.advance(200);
      expect(await soon(leader)).toBe("pending");
      made.resolve("new");
      await scene.clock.advance(1);
      expect([await leader, await joined, calls()]).toEqual(["new", "new", 1]);
    });

    it("then counts towards the hard one", async () => {
      const scene = await open({ grace: 100, softTimeout: 200, hardTimeout: 250 });
      await makeStale(scene);
      const leader = ask(scene.region, held().make);
      await scene.clock.advance(249);
      expect(await soon(leader)).toBe("pending");
      await scene.clock.advance(1);
      expect(await soon(leader)).toBeInstanceOf(TimeoutError);
    });

    it("gives nothing that was deleted meanwhile", async () => {
      const scene = await open({ grace: "1h", softTimeout: 50 });
      await makeStale(scene);
      const { make, made } = held();
      const leader = ask(scene.region, make);
      await soon(leader);
      await scene.region.delete("k");
      await scene.clock.advance(60);
      expect(await soon(leader)).toBe("pending");
      made.resolve("new");
      expect(await leader).toBe("new");
    });
  });

  describe.each(ways)("$name: hard timeout", ({ ask }) => {
    it("is a TimeoutError at its time, and stops the creator", async () => {
      const { region, clock } = await open({ hardTimeout: 50 });
      const { make, made, calls, aborted } = held();
      const asked = ask(region, make);
      await clock.advance(49);
      expect([await soon(asked), aborted()]).toEqual(["pending", false]);
      await clock.advance(1);
      const error = await soon(asked);
      expect(error).toBeInstanceOf(TimeoutError);
      expect(error).toMatchObject({ code: "TIMEOUT", message: expect.stringContaining('"k"') });
      expect([aborted(), calls()]).toEqual([true, 1]);
      // Whoever comes now doesn't share the failure of what was told to stop.
      const next = ask(region, () => "made anew");
      await clock.advance(1);
      expect(await soon(next)).toBe("made anew");
      made.resolve("late");
      await clock.advance(1);
      expect(await region.get("k")).toBe("made anew");
    });

    it("is a soft one where there is a stale value", async () => {
      const scene = await open({ grace: "1h", hardTimeout: 50 });
      await makeStale(scene);
      const { deaf } = held();
      const leader = ask(scene.region, deaf);
      await scene.clock.advance(49);
      expect(await soon(leader)).toBe("pending");
      await scene.clock.advance(1);
      expect(await soon(leader)).toBe("old");
    });

    it("leaves a creator that can't be told to stop alone: who comes next joins it, and its result is kept", async () => {
      const { region, clock } = await open({ hardTimeout: 50 });
      const { deaf, made, calls } = held();
      const first = ask(region, deaf);
      await clock.advance(50);
      expect(await soon(first)).toBeInstanceOf(TimeoutError);
      const second = ask(region, deaf);
      await soon(second);
      made.resolve("late");
      await clock.advance(1);
      expect([await second, await region.get("k"), calls()]).toEqual(["late", "late", 1]);
    });

    it("stops the creator of a batch when none of its keys is waited for, and no sooner", async () => {
      const { region, clock } = await open();
      const made = deferred<string[]>();
      let signal: AbortSignal | undefined;
      const create = (_keys: readonly string[], context: { readonly signal: AbortSignal }) => {
        ({ signal } = context);
        return made.promise;
      };
      const batch = region.getOrCreateMulti(["k", "j"], create, { hardTimeout: 10 });
      const patient = region.getOrCreate("j", () => "never called");
      await soon(batch);
      await clock.advance(10);
      expect(await soon(batch)).toMatchObject({ name: "PartialFailureError" });
      for (let count = 0; count < 3; count += 1)
        await soon(ask(region, () => "x", { signal: AbortSignal.abort(new Error("left")) }));
      expect(signal?.aborted).toBe(false);
      made.resolve(["K", "J"]);
      expect(await patient).toBe("J");
    });

    it("leaves no timer and no listener behind", async () => {
      const scene = await open({ grace: "1h", softTimeout: 10, hardTimeout: 50 });
      const idleTimers = scene.clock.pending;
      await makeStale(scene);
      const { signal } = new AbortController();
      const { make, made } = held();
      const asked = ask(scene.region, make, { signal });
      await soon(asked);
      expect([scene.clock.pending > idleTimers, getEventListeners(signal, "abort").length]).toEqual([true, 1]);
      made.resolve("new");
      expect(await asked).toBe("new");
      await soon(asked);
      expect([scene.clock.pending, getEventListeners(signal, "abort").length]).toEqual([idleTimers, 0]);
    });

    it("of one caller ends that caller's wait alone", async () => {
      const { region, clock } = await open();
      const { make, made, aborted } = held();
      const patient = ask(region, make);
      await soon(patient);
      const hurried = ask(region, make, { hardTimeout: 20 });
      await clock.advance(20);
      expect(await soon(hurried)).toBeInstanceOf(TimeoutError);
      expect(aborted()).toBe(false);
      made.resolve("made");
      expect(await patient).toBe("made");
    });

    it("counts where there is a stale value too: the creator is stopped though everybody was served", async () => {
      const scene = await open({ grace: "1h", softTimeout: 10, hardTimeout: 50 });
      await makeStale(scene);
      const { make, aborted } = held();
      const leader = ask(scene.region, make);
      await scene.clock.advance(10);
      expect([await soon(leader), aborted()]).toEqual(["old", false]);
      await scene.clock.advance(40);
      expect(aborted()).toBe(true);
    });

    it("a creator that never ends doesn't hold its key for longer than a lease", async () => {
      const { region, clock } = await open({ hardTimeout: 50, lease: 1000 });
      const { deaf, made } = held();
      const idleTimers = clock.pending;
      const first = ask(region, deaf);
      // Callers that go on coming, and leave, don't prolong it.
      for (let count = 0; count < 3; count += 1) {
        const hopeful = ask(region, deaf);
        await clock.advance(300);
        expect(await soon(hopeful)).toBeInstanceOf(TimeoutError);
      }
      expect(await soon(first)).toBeInstanceOf(TimeoutError);
      await clock.advance(150);
      const second = ask(region, () => "made");
      await clock.advance(0);
      expect(await soon(second)).toBe("made");
      // Nothing is left of it but the feed's own timers.
      expect(clock.pending).toBe(idleTimers);
      made.resolve("much too late");
      await clock.advance(1);
      expect(await region.get("k")).toBe("made");
    });
  });

  describe.each(ways)("$name: signal", ({ ask }) => {
    it("ends its caller's wait; the creator stops when the last one has left", async () => {
      const { region } = await open();
      const { make, aborted } = held();
      const [one, two] = [new AbortController(), new AbortController()];
      const first = ask(region, make, { signal: one.signal });
      await soon(first);
      const second = ask(region, make, { signal: two.signal });
      await soon(second);
      one.abort(new RangeError("gone"));
      expect(await soon(first)).toBeInstanceOf(RangeError);
      expect(aborted()).toBe(false);
      two.abort(new RangeError("gone too"));
      expect(await soon(second)).toMatchObject({ message: "gone too" });
      expect(aborted()).toBe(true);
    });

    it("that has fired before is heeded, and one that fires late harms nobody", async () => {
      const { region } = await open();
      const { make } = held();
      expect(await soon(ask(region, make, { signal: AbortSignal.abort(new RangeError("before")) }))).toMatchObject({
        message: "before",
      });
      const late = new AbortController();
      expect(await ask(await open().then((scene) => scene.region), () => 1, { signal: late.signal })).toBe(1);
      late.abort();
    });
  });

  describe.each(ways)("$name: last resort", ({ ask }) => {
    const fails: Make = () => {
      throw new RangeError("boom");
    };
    const fallback = (error: unknown) => `instead of ${(error as Error).message}`;

    it("stands in for a creator that fails, and is not stored", async () => {
      const { region } = await open();
      expect(await ask(region, fails, { fallback })).toBe("instead of boom");
      expect(await region.get("k")).toBe(NO_VALUE);
    });

    it("stands in for one that takes too long", async () => {
      const { region, clock } = await open({ hardTimeout: 30 });
      const { make } = held();
      const asked = ask(region, make, { fallback: () => "instead" });
      await clock.advance(30);
      expect(await soon(asked)).toBe("instead");
      expect(region.peek("k")).toBe(NO_VALUE);
    });

    it("comes after a stale value", async () => {
      const scene = await open({ grace: "1h" });
      await makeStale(scene);
      expect(await ask(scene.region, fails, { fallback })).toBe("old");
    });

    it("is the error that it throws", async () => {
      const { region } = await open();
      const options: CreateOptions = {
        fallback: () => {
          throw new SyntaxError("no resort");
        },
      };
      await expect(ask(region, fails, options)).rejects.toThrow(SyntaxError);
    });
  });
});
