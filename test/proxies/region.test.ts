import { applyProxy, type CacheBackend, CachedValue, createRegion, type ProxyFactory, stackWith } from "@cascata/core";
import { compress, encrypt, limitInFlight, maxEntrySize, readOnly, retry, sampling, timeout } from "@cascata/proxies";
import { AuthorityStore, FaultyProxy, ManualClock, MapBackend, ReferenceAuthority } from "@cascata/testing";
import { describe, expect, test } from "vitest";

const hex = "00112233445566778899aabbccddeeff".repeat(2);
const long = "compressible ".repeat(500);

/** Two processes over one authority, each with memory in front and the proxies around the far tier. */
async function setUp(...wrap: readonly ((clock: ManualClock) => ProxyFactory)[]) {
  return setUpWith({}, ...wrap);
}

/** `real`: what takes real time must not be cut short by the clock's. */
async function setUpWith(
  { real = false }: { readonly real?: boolean },
  ...wrap: readonly ((clock: ManualClock) => ProxyFactory)[]
) {
  const patience = real ? ({ lease: "1h", leaseWait: "1h" } as const) : ({ lease: "10s", leaseWait: "10s" } as const);
  const clock = new ManualClock();
  const store = new AuthorityStore({ clock });
  const bare = new ReferenceAuthority(store);
  const processes = ["a", "b"].map((sender) => {
    const faulty = new FaultyProxy(new ReferenceAuthority(store));
    const far = wrap.reduceRight<CacheBackend>((inner, make) => applyProxy(make(clock), inner, "wrap"), faulty);
    const backend = stackWith(
      { clock, sender, ...(real && { protection: { clock, timeout: "1h" } }) },
      new MapBackend({ clock }),
      far,
    );
    const incidents: string[] = [];
    backend.watch(({ what }) => incidents.push(what));
    const region = createRegion({ name: "r", clock, backend, ttl: "1m", ...patience });
    return { region, faulty, incidents };
  });
  await clock.advance(10);
  const [one, two] = processes as [(typeof processes)[0], (typeof processes)[0]];
  const innerKey = async () => {
    const keys = ["r:k", "k"];
    const found = await bare.getMulti(keys);
    return keys[found.findIndex((entry) => entry instanceof CachedValue)] ?? "";
  };
  return { clock, bare, one, two, innerKey };
}

/** Lets time pass until the work is done. Compression and encryption run outside of the clock's time, so turns of the event loop pass too. */
async function over<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let running = true;
  const done = work.finally(() => {
    running = false;
  });
  while (running) {
    await clock.advance(1);
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return done;
}

describe.each<[string, ProxyFactory]>([
  ["compress", compress()],
  ["encrypt", encrypt({ keys: { k: hex }, use: "k" })],
])("%s", (_name, factory) => {
  test("one creation serves both processes", async () => {
    const { clock, one, two } = await setUpWith({ real: true }, () => factory);
    let creations = 0;
    const create = async () => {
      creations += 1;
      return long;
    };
    const both = Promise.all([one.region.getOrCreate("k", create), two.region.getOrCreate("k", create)]);
    expect(await over(clock, both)).toEqual([long, long]);
    expect(creations).toBe(1);
  });

  test("a poisoned entry is a miss: it is created anew, and repaired for everybody", async () => {
    const { clock, bare, one, two, innerKey } = await setUpWith({ real: true }, () => factory);
    await over(clock, one.region.set("k", long));
    await clock.advance(10);
    const key = await innerKey();
    const { payload, metadata } = (await bare.get(key)) as CachedValue<Uint8Array>;
    const spoilt = payload.map((byte, index) => (index > 10 ? byte ^ 0x55 : byte));
    await bare.set(key, new CachedValue(spoilt, metadata));
    await clock.advance(10);
    let creations = 0;
    const create = () => {
      creations += 1;
      return "repaired";
    };
    const awaitFill = { awaitFill: true };
    expect(await over(clock, two.region.getOrCreate("k", create, awaitFill))).toBe("repaired");
    expect(two.incidents).toContain("unreadable entry");
    expect(await over(clock, one.region.getOrCreate("k", create))).toBe("repaired");
    expect(creations).toBe(1);
  });
});

test.each<[string, ProxyFactory]>([
  ["too large", maxEntrySize(10)],
  ["not sampled", sampling(0)],
])("what is %s is created for each process at once: nobody waits for a lease", async (_name, factory) => {
  const { clock, one, two } = await setUp(() => factory);
  const first = one.region.getOrCreate("k", () => long);
  await clock.advance(10);
  expect(await first).toBe(long);
  const second = two.region.getOrCreate("k", () => long);
  await clock.advance(10);
  expect(await second).toBe(long);
});

test("an entry that became too large is not served on, here or elsewhere", async () => {
  const { clock, one, two } = await setUp(() => maxEntrySize(100));
  await one.region.set("k", "small");
  await clock.advance(10);
  expect(await two.region.get("k")).toBe("small");
  await one.region.set("k", long);
  await clock.advance(10);
  const seen = [one, two].map(({ region }) => region.getOrCreate("k", () => "anew"));
  await clock.advance(100);
  expect(await Promise.all(seen)).toEqual(["anew", "anew"]);
});

test("over a store that may only be read, what is missing is created and kept near", async () => {
  const { clock, bare, one, innerKey } = await setUp(() => readOnly());
  let creations = 0;
  const create = () => {
    creations += 1;
    return "made";
  };
  const found = one.region.getOrCreate("k", create);
  await clock.advance(100);
  expect(await found).toBe("made");
  expect(await innerKey()).toBe("");
  expect(await bare.get("r:k")).not.toBeInstanceOf(CachedValue);
  expect(creations).toBe(1);
});

test("a far tier that hangs costs a caller its deadline, once the circuit is open nothing", async () => {
  const { clock, one } = await setUp(
    (at) => timeout({ after: "250ms", clock: at }),
    () => limitInFlight(100),
  );
  one.faulty.fail({ when: "never" });
  const answers: unknown[] = [];
  for (let round = 0; round < 4; round++) {
    const before = clock.now();
    const found = one.region
      .getOrCreate(`k${round}`, () => "made")
      .then((value) => {
        answers.push(value);
        return clock.now() - before;
      });
    await clock.advance(300);
    expect(await found).toBeLessThanOrEqual(250);
  }
  expect(answers).toEqual(["made", "made", "made", "made"]);
  const found = one.region.getOrCreate("later", () => "made");
  await clock.advance(0);
  expect(await found).toBe("made");
});

test("retries under a region: a store that stumbles is not noticed", async () => {
  const { clock, one } = await setUp((at) => retry({ clock: at, delay: 1, times: 3 }));
  one.faulty.fail({ nth: [1, 2] });
  const found = one.region.getOrCreate("k", () => "made");
  await clock.advance(100);
  expect(await found).toBe("made");
  expect(one.faulty.failures).toBe(2);
});
