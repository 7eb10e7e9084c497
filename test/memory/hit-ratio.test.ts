import { AdaptiveStore, LruStore, type Store } from "@cascata/memory";
import { describe, expect, test } from "vitest";

const always = Number.POSITIVE_INFINITY;
const value = {};

/** A repeatable source of numbers from 0 to just below 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

/** Asks `store` for each key, storing what it lacks; the share found, in percent. */
function hitRatio(store: Store<object>, requests: readonly string[]): number {
  let hits = 0;
  for (const key of requests) {
    if (store.get(key, 0) !== undefined) hits += 1;
    else store.set(key, value, always, 1, 0);
  }
  return (100 * hits) / requests.length;
}

function both(maxEntries: number, requests: readonly string[]): { lru: number; adaptive: number } {
  const bounds = { maxEntries, maxWeight: always };
  const ratios = [1, 2, 3].map((seed) => hitRatio(new AdaptiveStore({ ...bounds, seed }), requests));
  return { lru: hitRatio(new LruStore(bounds), requests), adaptive: Math.min(...ratios) };
}

function stream(length: number, next: (at: number, random: () => number) => number, seed = 1): string[] {
  const random = randomNumbers(seed);
  return Array.from({ length }, (_, at) => `key:${next(at, random)}`);
}

/** Few keys often, many seldom: about zipf with skew 1 over `count` keys. */
const popular = (count: number, random: () => number) => Math.floor(count ** random()) - 1;

describe("the adaptive policy, worst of three seeds, against LRU", () => {
  test("popularity: it closes much of the gap", () => {
    const requests = stream(100_000, (_at, random) => popular(20_000, random));
    const small = both(200, requests);
    expect(small.adaptive).toBeGreaterThan(small.lru + 6);
    const large = both(2000, requests);
    expect(large.adaptive).toBeGreaterThan(large.lru + 3.5);
  });

  test("popularity with scans: the scans don't flush it", () => {
    const requests = stream(100_000, (at, random) => (at % 5000 >= 2500 ? 1_000_000 + at : popular(5000, random)));
    const { lru, adaptive } = both(500, requests);
    expect(adaptive).toBeGreaterThan(lru + 3);
  });

  test("a loop larger than the cache: LRU finds nothing, it finds nearly its share", () => {
    const { lru, adaptive } = both(
      250,
      stream(60_000, (at) => at % 1000),
    );
    expect(lru).toBe(0);
    expect(adaptive).toBeGreaterThan(17);
  });

  test("recency alone: it stays with LRU", () => {
    let newest = 0;
    const requests = stream(60_000, (_at, random) => {
      if (random() < 0.3) newest += 1;
      return Math.max(0, newest - Math.floor(random() * 400));
    });
    for (const maxEntries of [100, 300, 600]) {
      const { lru, adaptive } = both(maxEntries, requests);
      expect(adaptive).toBeGreaterThan(lru - 1);
    }
  });

  test("each key read once more, soon: it stays with LRU", () => {
    const requests = stream(60_000, (at, random) => (at % 3 === 2 ? at - 1 - 3 * Math.floor(random() * 100) : at));
    const { lru, adaptive } = both(500, requests);
    expect(lru).toBeGreaterThan(25);
    expect(adaptive).toBeGreaterThan(lru - 0.5);
  });

  test("forth and back: no more than five points behind", () => {
    const zigzag = stream(60_000, (at) => Math.abs((at % 2000) - 1000));
    for (const maxEntries of [50, 250]) {
      const { lru, adaptive } = both(maxEntries, zigzag);
      expect(adaptive).toBeGreaterThan(lru - 5);
    }
  });

  test("a change of habits: what was popular makes room", () => {
    const requests = stream(120_000, (at, random) => (at < 60_000 ? 0 : 50_000) + popular(5000, random));
    const second = requests.slice(60_000);
    const store = new AdaptiveStore({ maxEntries: 300, maxWeight: always, seed: 1 });
    hitRatio(store, requests.slice(0, 60_000));
    expect(hitRatio(store, second)).toBeGreaterThan(both(300, second).lru);
  });

  test("few entries: no worse at 10, 25 and 100", () => {
    const requests = stream(60_000, (_at, random) => popular(2000, random));
    for (const maxEntries of [10, 25, 100]) {
      const { lru, adaptive } = both(maxEntries, requests);
      expect(adaptive).toBeGreaterThan(lru + 1);
    }
  });

  test("bounded by weight: popular light entries outlast a scan of heavy ones", () => {
    const random = randomNumbers(3);
    const bounds = { maxEntries: always, maxWeight: 2000 };
    const ratio = (store: Store<object>) => {
      let hits = 0;
      for (let at = 0; at < 50_000; at += 1) {
        const isScan = at % 4 === 3;
        const key = isScan ? `scan:${at}` : `key:${popular(2000, random)}`;
        if (store.get(key, 0) !== undefined) hits += 1;
        else store.set(key, value, always, isScan ? 20 : 4, 0);
      }
      return (100 * hits) / 50_000;
    };
    const lru = ratio(new LruStore(bounds));
    expect(ratio(new AdaptiveStore({ ...bounds, seed: 1 }))).toBeGreaterThan(lru + 5);
  });
});

describe("hostile keys", () => {
  /** A third of the requests are honest and popular, the rest is what an attacker sends. */
  function underAttack(store: Store<object>, attack: (at: number) => string): number {
    const random = randomNumbers(9);
    let hits = 0;
    let honest = 0;
    for (let at = 0; at < 120_000; at += 1) {
      const isHonest = at % 3 === 0;
      const key = isHonest ? `user:${popular(400, random)}` : attack(at);
      const found = store.get(key, 0) !== undefined;
      if (isHonest && at > 30_000) {
        honest += 1;
        if (found) hits += 1;
      }
      if (!found) store.set(key, value, always, 1, 0);
    }
    return (100 * hits) / honest;
  }

  const bounds = { maxEntries: 200, maxWeight: always };
  const attacks: [string, (at: number) => string][] = [
    ["keys that never come again", (at) => `flood:${at}`],
    ["each key twice in a row", (at) => `flood:${Math.floor(at / 3)}`],
    ["a loop of three times the capacity", (at) => `flood:${at % 600}`],
    ["few keys driven up, then a flood", (at) => (at < 20_000 ? `up:${at % 50}` : `flood:${at}`)],
  ];

  test.each(attacks)("%s: honest requests find more than with LRU", (_name, attack) => {
    const lru = underAttack(new LruStore(bounds), attack);
    for (const seed of [1, 2, 3]) {
      expect(underAttack(new AdaptiveStore({ ...bounds, seed }), attack)).toBeGreaterThan(lru);
    }
  });

  test("victims that were made to look popular can't hold the cache for ever", () => {
    const store = new AdaptiveStore({ ...bounds, seed: 4 });
    for (let round = 0; round < 400; round += 1) {
      for (let id = 0; id < 200; id += 1) store.get(`up:${id}`, 0) ?? store.set(`up:${id}`, value, always, 1, 0);
    }
    hitRatio(
      store,
      stream(40_000, (_at, random) => popular(400, random)),
    );
    let left = 0;
    for (let id = 0; id < 200; id += 1) if (store.peek(`up:${id}`, 0) !== undefined) left += 1;
    expect(left).toBeLessThan(40);
  });
});
