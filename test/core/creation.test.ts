import { type CreateOptions, isNoValue, NO_VALUE, PartialFailureError, type RegionOptions } from "@cascata/core";
import { deferred } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { depths, type Make, makeStale, type Scene, sceneOf, soon, ways } from "./policy-scene.ts";

describe.each(depths)("%s", (depth) => {
  const open = (options: Partial<RegionOptions> = {}): Promise<Scene> => sceneOf(depth, options);

  describe.each(ways)("$name: a creator that fails", ({ ask }) => {
    it("gives the stale value, and is tried again after a while, or at once when the key was changed", async () => {
      const scene = await open({ grace: "1h", retryAfter: 1000 });
      const { region, clock } = scene;
      await makeStale(scene);
      const reasons: string[] = [];
      region.on("stale", ({ reason }) => void reasons.push(reason));
      let calls = 0;
      const make: Make = async () => {
        calls += 1;
        throw new RangeError("boom");
      };
      expect([await ask(region, make), await ask(region, make), calls]).toEqual(["old", "old", 1]);
      expect(reasons).toEqual(["error", "retry-after"]);
      await clock.advance(1001);
      expect([await ask(region, make), calls]).toEqual(["old", 2]);
      await region.delete("k");
      await expect(ask(region, make)).rejects.toThrow("boom");
      expect(calls).toBe(3);
    });

    it("is tried at every call where retryAfter is 0", async () => {
      const scene = await open({ grace: "1h", retryAfter: 0 });
      await makeStale(scene);
      let calls = 0;
      const make: Make = () => {
        calls += 1;
        throw new RangeError("boom");
      };
      expect([await ask(scene.region, make), await ask(scene.region, make), calls]).toEqual(["old", "old", 2]);
    });

    it("is forgotten when the key is set", async () => {
      const scene = await open({ grace: "1h", retryAfter: "1h" });
      await makeStale(scene);
      const fails: Make = () => {
        throw new RangeError("boom");
      };
      expect(await ask(scene.region, fails)).toBe("old");
      await makeStale(scene, "set");
      expect(await ask(scene.region, () => "made")).toBe("made");
    });

    it("gives its error once the grace is over, also when it ended while it ran", async () => {
      const scene = await open({ grace: 100 });
      await makeStale(scene);
      const made = deferred<never>();
      const asked = ask(scene.region, () => made.promise);
      await scene.clock.advance(60);
      made.reject(new RangeError("boom"));
      expect(await soon(asked)).toBeInstanceOf(RangeError);
    });

    it("gives its own error to everybody who joined, and caches none", async () => {
      const { region } = await open();
      const boom = new RangeError("boom");
      const made = deferred<never>();
      const all = [ask(region, () => made.promise), ask(region, () => made.promise)];
      await soon(Promise.all(all));
      made.reject(boom);
      for (const one of await Promise.allSettled(all)) expect(one).toEqual({ status: "rejected", reason: boom });
      expect(await ask(region, () => 2)).toBe(2);
    });

    it("has its error remembered for errorTtl, in this process, until the key is changed", async () => {
      const { region, clock } = await open({ errorTtl: 50 });
      let calls = 0;
      const boom = new RangeError("boom");
      const make: Make = () => {
        calls += 1;
        throw boom;
      };
      await expect(ask(region, make)).rejects.toBe(boom);
      await clock.advance(50);
      await expect(ask(region, make)).rejects.toBe(boom);
      expect(calls).toBe(1);
      await clock.advance(1);
      await expect(ask(region, make)).rejects.toBe(boom);
      expect(calls).toBe(2);
      await region.delete("k");
      await expect(ask(region, make)).rejects.toBe(boom);
      expect(calls).toBe(3);
      await region.invalidate();
      await expect(ask(region, make)).rejects.toBe(boom);
      expect(calls).toBe(4);
      expect(await ask(region, () => "forced", { forceRefresh: true })).toBe("forced");
      expect(await ask(region, make)).toBe("forced");
    });
  });

  describe.each(ways)("$name: lives", ({ ask }) => {
    const fresh = async ({ region }: Scene): Promise<boolean> => !isNoValue(await region.get("k"));

    /** For how long "k" is fresh, to the millisecond. */
    async function lifeOf(scene: Scene): Promise<number> {
      let ms = 0;
      for (; await fresh(scene); ms += 1) await scene.clock.advance(1);
      return ms - 1;
    }

    it.each([null, undefined])(
      "of %s are the negative ttl's, unless the call or the creator says otherwise",
      async (none) => {
        const scene = await open({ ttl: 30, negativeTtl: 10 });
        expect(await ask(scene.region, () => none)).toBe(none);
        expect(await lifeOf(scene)).toBe(10);
        await ask(scene.region, () => none, { ttl: 20 });
        expect(await lifeOf(scene)).toBe(20);
        await ask(scene.region, (context) => {
          context.ttl = "15ms";
          return none;
        });
        expect(await lifeOf(scene)).toBe(15);
        await ask(scene.region, () => 0);
        expect(await lifeOf(scene)).toBe(30);
      },
    );

    it("are shortened by up to the jitter's share", async () => {
      let random = 0;
      const scene = await open({ ttl: 100, jitter: 0.4, random: () => random });
      await ask(scene.region, () => 1);
      expect(await lifeOf(scene)).toBe(100);
      random = 0.5;
      await ask(scene.region, () => 1);
      expect(await lifeOf(scene)).toBe(80);
      random = 0.999_999;
      await ask(scene.region, () => 1);
      expect(await lifeOf(scene)).toBe(60);
    });

    it("are the creator's to decide: ttl, grace, tags", async () => {
      const scene = await open({ ttl: 100 });
      const { region, clock } = scene;
      await ask(
        region,
        (context) => {
          context.ttl = 20;
          context.grace = "40ms";
          context.tags = ["own"];
          return "made";
        },
        { tags: ["call's"] },
      );
      await clock.advance(21);
      expect(await region.get("k")).toBe(NO_VALUE);
      const fail: Make = () => {
        throw new Error("boom");
      };
      expect(await ask(region, fail)).toBe("made");
      await clock.advance(40);
      await expect(ask(region, fail)).rejects.toThrow("boom");
      for (const tag of ["own", "call's"]) {
        await ask(
          region,
          (context) => {
            context.tags = ["own"];
            return tag;
          },
          { tags: ["call's"] },
        );
        expect(await region.get("k")).toBe(tag);
        await region.invalidateTags([tag]);
        expect(await region.get("k")).toBe(NO_VALUE);
      }
    });

    it.each([
      ["ttl", -1],
      ["ttl", "soon"],
      ["grace", Number.NaN],
      ["grace", {}],
    ])("that a creator gets wrong are its key's error: %s = %s", async (name, bad) => {
      const { region } = await open();
      const make: Make = (context) => {
        Object.assign(context, { [name]: bad });
        return 1;
      };
      await expect(ask(region, make)).rejects.toThrow(`context.${name}: expected milliseconds`);
      expect(await region.get("k")).toBe(NO_VALUE);
    });
  });

  describe.each(ways)("$name: what is not stored", ({ ask }) => {
    it("skip(): callers get the value, nobody else", async () => {
      const { region } = await open();
      const make: Make = (context) => {
        context.skip();
        return "made";
      };
      expect(await ask(region, make)).toBe("made");
      expect(await region.get("k")).toBe(NO_VALUE);
      // Its lease was given back: the next creation doesn't wait.
      expect(await soon(ask(region, () => "next"))).toBe("next");
    });

    it("NO_VALUE: there is nothing to give and nothing to cache", async () => {
      const { region } = await open();
      expect(await ask(region, () => NO_VALUE)).toBe(NO_VALUE);
      expect(await soon(ask(region, () => "next"))).toBe("next");
    });

    it("what shouldCacheFn declines; its error is the key's", async () => {
      const { region } = await open({ shouldCacheFn: (value) => value !== "no" });
      expect(await ask(region, () => "no")).toBe("no");
      expect(await region.get("k")).toBe(NO_VALUE);
      const options = {
        shouldCacheFn: () => {
          throw new SyntaxError("can't say");
        },
      };
      await expect(ask(region, () => 1, options)).rejects.toThrow(SyntaxError);
      expect(await soon(ask(region, () => "yes"))).toBe("yes");
      expect(await region.get("k")).toBe("yes");
    });
  });

  describe.each(ways)("$name: conditional refresh", ({ ask }) => {
    it("notModified() renews the value with its tags and validators, which the next creator is given again", async () => {
      const scene = await open({ grace: "1h" });
      const { region, clock } = scene;
      await ask(region, (context) => {
        context.tags = ["t"];
        context.validators = { etag: '"1"' };
        return { made: 1 };
      });
      const seen: unknown[] = [];
      const renew: Make = (context) => {
        seen.push(context.stale?.payload, context.stale?.metadata.validators);
        return context.notModified();
      };
      for (let round = 0; round < 2; round += 1) {
        await clock.advance(150);
        expect(await ask(region, renew)).toEqual({ made: 1 });
        expect(await region.get("k")).toEqual({ made: 1 });
      }
      expect(seen).toEqual([{ made: 1 }, { etag: '"1"' }, { made: 1 }, { etag: '"1"' }]);
      await region.invalidateTags(["t"]);
      expect(await region.get("k")).toBe(NO_VALUE);
    });

    it.each([5, "W/1", null, [], { etag: 5 }, { etag: undefined }])(
      "validators that are no texts by name: %j",
      async (bad) => {
        const { region } = await open();
        const make: Make = (context) => {
          Object.assign(context, { validators: bad });
          return 1;
        };
        await expect(ask(region, make)).rejects.toThrow("context.validators: expected texts by name");
        expect(await region.get("k")).toBe(NO_VALUE);
      },
    );

    it("notModified() without anything stale is a mistake, and says so", async () => {
      const { region } = await open();
      await expect(ask(region, (context) => context.notModified())).rejects.toThrow('there is no stale value of "k"');
    });
  });

  describe.each(ways)("$name: which values count", ({ ask }) => {
    it("forceRefresh creates over a fresh value, one creator at a time", async () => {
      const { region } = await open();
      await ask(region, () => 1);
      const made = deferred<number>();
      let calls = 0;
      const make: Make = () => {
        calls += 1;
        return made.promise;
      };
      const all = [ask(region, make, { forceRefresh: true }), ask(region, make, { forceRefresh: true })];
      await soon(Promise.all(all));
      made.resolve(2);
      expect([...(await Promise.all(all)), await region.get("k"), calls]).toEqual([2, 2, 2, 1]);
    });

    it("expirationTime is the call's ttl for what is found", async () => {
      const { region, clock } = await open();
      await ask(region, () => 1);
      await clock.advance(20);
      expect(await ask(region, () => 2, { expirationTime: 20 })).toBe(1);
      expect(await ask(region, () => 2, { expirationTime: 19 })).toBe(2);
    });
  });
});

it("a chain of three knows its own writes: no tier of it drops them when it hears of them", async () => {
  const { region, clock } = await sceneOf("memory, disk, authority");
  await region.set("k", "set");
  await region.setMulti(new Map([["j", "set"]]));
  await clock.advance(50);
  for (const key of ["k", "j"]) {
    const entry = await region.getEntry(key, { skip: { read: ["memory"] } });
    expect(isNoValue(entry) ? undefined : entry.tier).toBe("disk");
  }
});

describe.each(ways)("$name: tiers that a call leaves out", ({ ask }) => {
  it("are not read", async () => {
    const scene = await sceneOf("memory, disk, authority");
    const { region, asked } = scene;
    await ask(region, () => "made");
    await region.get("k");
    asked.length = 0;
    expect(await ask(region, () => "anew", { skip: { read: ["memory"] } })).toBe("made");
    expect(asked).toEqual([]);
    expect(await ask(region, () => "anew", { skip: { read: ["memory", "disk"] } })).toBe("made");
    expect(asked.filter((operation) => operation.startsWith("get"))).toHaveLength(1);
  });

  it("are not written, and the others are", async () => {
    const scene = await sceneOf("memory, disk, authority");
    const { region } = scene;
    await ask(region, () => "made", { skip: { write: ["reference"] } });
    expect(await region.get("k")).toBe("made");
    expect(await region.get("k", { skip: { read: ["memory"] } })).toBe("made");
    expect(await region.get("k", { skip: { read: ["memory", "disk"] } })).toBe(NO_VALUE);
    // Its lease was given back: another process doesn't wait for it to end.
    expect(await soon(ask(scene.another(), () => "other"))).toBe("other");
    await region.delete("k");
    await ask(region, () => "far", { skip: { write: ["memory", "disk"] } });
    expect(region.peek("k")).toBe(NO_VALUE);
    expect(await region.get("k", { skip: { read: ["memory", "disk"] } })).toBe("far");
  });

  it("are left out by a set", async () => {
    const scene = await sceneOf("memory, disk, authority");
    const report = await scene.region.set("k", 1, { skip: { write: ["reference"] } });
    expect(report).toMatchObject({ confirmed: false });
    expect(report.tiers.get("memory")?.get("k")).toEqual({ status: "stored" });
    expect(await scene.region.get("k")).toBe(1);
    expect(await scene.another().get("k")).toBe(NO_VALUE);
    await scene.region.set("k", 2, { skip: { write: ["memory", "disk"] } });
    expect(await scene.another().get("k")).toBe(2);
  });
});

describe.each(ways)("$name: a creation that fails in another process", ({ ask }) => {
  async function failElsewhere(scene: Scene, options: CreateOptions): Promise<unknown> {
    const other = scene.another({ errorTtl: 0 });
    await other.get("first");
    await scene.clock.advance(5);
    const made = deferred<never>();
    const elsewhere = other.getOrCreate("k", () => made.promise);
    await soon(elsewhere);
    const asked = ask(scene.region, () => "made here", options);
    expect(await soon(asked)).toBe("pending");
    made.reject(new RangeError("boom"));
    await scene.clock.advance(5);
    expect(await soon(elsewhere)).toBeInstanceOf(RangeError);
    return soon(asked);
  }

  it("is each caller's own options' to answer: the last resort", async () => {
    const scene = await sceneOf("memory, authority");
    const fallback = (error: unknown) => `instead of ${(error as Error).message}`;
    expect(await failElsewhere(scene, { fallback })).toBe("instead of boom");
    expect(await scene.region.get("k")).toBe(NO_VALUE);
  });

  it("is remembered for errorTtl", async () => {
    const scene = await sceneOf("memory, authority", { errorTtl: 50 });
    expect(await failElsewhere(scene, {})).toMatchObject({ name: "RangeError", message: "boom" });
    expect(await soon(ask(scene.region, () => "made here"))).toMatchObject({ message: "boom" });
    await scene.clock.advance(51);
    expect(await soon(ask(scene.region, () => "made here"))).toBe("made here");
  });
});

it("one key's notModified() is no answer for another one that has nothing stale", async () => {
  const { region, clock } = await sceneOf("memory", { grace: "1h" });
  await region.set("old", 1);
  await clock.advance(150);
  const asked = region.getOrCreateMulti(["old", "new"], (keys, context) => {
    const verdict = context.for("old").notModified();
    return keys.map(() => verdict);
  });
  const error = await asked.catch((one: unknown) => one);
  expect(error).toBeInstanceOf(PartialFailureError);
  const { results, errors } = error as PartialFailureError;
  expect([...results]).toEqual([["old", 1]]);
  expect(String(errors.get("new"))).toContain('no stale value of "new"');
  expect(await region.get("new")).toBe(NO_VALUE);
});

describe.each(ways)("$name: a read that fails", ({ ask }) => {
  it.each(["memory, authority", "memory, disk, authority"] as const)(
    "is no miss: one creation for all, counted apart, and nothing is written over what is there: %s",
    async (depth) => {
      const scene = await sceneOf(depth, { ttl: "1h" });
      const { region, store, asked, clock } = scene;
      await scene.another().set("k", "there");
      // The other key of the batch.
      await region.set("beside", "beside", { ttl: Number.POSITIVE_INFINITY });
      await region.get("beside");
      const reasons: string[] = [];
      region.on("miss", ({ key, reason }) => void (key === "k" && reasons.push(reason)));
      store.stop();
      asked.length = 0;
      let calls = 0;
      const made = deferred<string>();
      const make: Make = () => {
        calls += 1;
        return made.promise;
      };
      const all = Array.from({ length: 200 }, () => ask(region, make));
      await soon(Promise.all(all));
      made.resolve("made meanwhile");
      expect(new Set(await Promise.all(all))).toEqual(new Set(["made meanwhile"]));
      expect([calls, reasons]).toEqual([1, ["failed"]]);
      expect(asked.filter((operation) => operation.startsWith("set"))).toEqual([]);
      // It is served on here while it is bearable, and is nothing to anybody else.
      expect(await region.getOrCreate("k", () => "again")).toBe("made meanwhile");
      store.start();
      await clock.advance(5000);
      expect(await scene.another().get("k")).toBe("there");
      expect(await region.get("k")).toBe("there");
    },
  );
});

describe("how many creators run at once", () => {
  it.each([1, 3])(
    "no more than maxCreators: %i; a batch is one; one that fails makes room too",
    async (maxCreators) => {
      const { region, clock } = await sceneOf("memory", { maxCreators });
      let running = 0;
      let most = 0;
      const create = async (): Promise<number> => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => void clock.schedule(resolve, 10));
        running -= 1;
        if (running % 2 === 1) throw new RangeError("boom");
        return 1;
      };
      const all = [
        ...Array.from({ length: 10 }, (_, index) => region.getOrCreate(`k${index}`, create)),
        region.getOrCreateMulti(["a", "b", "c"], async (keys) => {
          await create();
          return keys.map(() => 1);
        }),
      ];
      const settled = Promise.allSettled(all);
      await clock.advance(110);
      expect(await soon(settled.then(() => "settled"))).toBe("settled");
      expect(most).toBe(maxCreators);
      // All places are free again.
      const held = deferred<number>();
      const again = Array.from({ length: maxCreators }, (_, index) =>
        region.getOrCreate(`x${index}`, () => held.promise),
      );
      const next = region.getOrCreate("y", () => 1);
      expect(await soon(next)).toBe("pending");
      held.resolve(1);
      expect([...(await Promise.all(again)), await next]).toEqual(new Array(maxCreators + 1).fill(1));
    },
  );

  it.each([0, -1, 1.5, Number.NaN, "two"])("%s is refused", async (bad) => {
    await expect(sceneOf("memory", { maxCreators: bad as number })).rejects.toThrow("region.maxCreators");
  });
});

describe("options that are no shares", () => {
  it.each([
    ["jitter", -0.1],
    ["jitter", 1.5],
    ["refreshAhead", 2],
    ["refreshAhead", "0.5"],
    ["earlyRefresh", -1],
    ["earlyRefresh", Number.NaN],
  ])("%s: %s", async (name, bad) => {
    await expect(sceneOf("memory", { [name]: bad })).rejects.toThrow(`region.${name}: expected a number from 0 to`);
  });

  it.each(["negativeTtl", "errorTtl", "retryAfter", "softTimeout", "hardTimeout", "grace", "closeTimeout"])(
    "%s that is no duration",
    async (name) => {
      for (const bad of [-1, "soon", null, {}])
        await expect(sceneOf("memory", { [name]: bad })).rejects.toThrow(`region.${name}: expected milliseconds`);
    },
  );
});
