import { describe, expect, test } from "vitest";
import { checkAnswers } from "../../examples/geocoder/check.ts";
import { figuresOf } from "../../examples/geocoder/figures.ts";
import type { Cell, Point } from "../../examples/geocoder/grid.ts";
import type { Answer } from "../../examples/geocoder/nearest.ts";
import { closingText, openingText } from "../../examples/geocoder/report.ts";
import { type Lookup, sampleIndices, serve } from "../../examples/geocoder/serve.ts";
import { Latencies, Tally } from "../../examples/geocoder/tally.ts";

const answerOf = ({ row, column }: Cell): Answer => ({
  id: row * 10_000 + column,
  name: "Somewhere",
  country: "XX",
  population: 1,
  lat: 1,
  lon: 2,
  km: 3,
});

function* twoPlaces(): Generator<Point, never> {
  while (true) {
    yield { lat: 10, lon: 10 };
    yield { lat: 20, lon: 20 };
  }
}

/** The creator the first time, memory from then on. */
function remembering(): Lookup {
  const seen = new Set<number>();
  return async (cell) => {
    const answer = answerOf(cell);
    const source = seen.has(answer.id) ? "memory" : "creator";
    seen.add(answer.id);
    return { answer, source };
  };
}

async function run(requests: number, lookup: Lookup) {
  const progress: number[] = [];
  const onProgress = (done: number) => void progress.push(done);
  const served = await serve(twoPlaces(), lookup, { requests, seed: 1, sample: 4, onProgress });
  return { served, progress };
}

const common = {
  attribution: "City data: somebody",
  cities: 7,
  seed: 1,
  tiers: ["memory", "disk"],
  incidents: new Map<string, number>(),
};

describe("latencies", () => {
  test("quantiles by nearest rank, sum and mean, past the first allocation", () => {
    const latencies = new Latencies();
    for (let ms = 3000; ms >= 1; ms--) latencies.add(ms);
    expect(latencies.count).toBe(3000);
    expect(latencies.quantile(0.5)).toBe(1500);
    expect(latencies.quantile(0.99)).toBe(2970);
    expect(latencies.quantile(1)).toBe(3000);
    expect(latencies.mean).toBe(1500.5);
    latencies.add(0);
    expect(latencies.quantile(0.0001)).toBe(0);
  });

  test("of nothing there are none", () => {
    expect(new Latencies().quantile(0.5)).toBeNaN();
    expect(new Tally().latencies("memory").count).toBe(0);
    expect(new Tally().bytes("memory")).toBe(0);
  });
});

describe("serving", () => {
  test("every request is counted once, by its source", async () => {
    const { served, progress } = await run(1000, remembering());
    expect(served.tally.latencies("creator").count).toBe(2);
    expect(served.tally.latencies("memory").count).toBe(998);
    expect(served.tally.bytes("memory") + served.tally.bytes("creator")).toBeGreaterThan(1000 * 50);
    expect(served.cells).toBe(2);
    expect(progress.at(-1)).toBe(1000);
  });

  test("the sample is spread over the run, one from each stretch", () => {
    const indices = [...sampleIndices(1000, 4, 1)];
    expect(indices.map((index) => Math.floor(index / 250))).toEqual([0, 1, 2, 3]);
    expect([...sampleIndices(3, 200, 1)]).toEqual([0, 1, 2]);
    expect(sampleIndices(300, 200, 1).size).toBe(200);
  });
});

describe("the check", () => {
  test("right answers pass, and the search is timed", async () => {
    const { served } = await run(100, remembering());
    const check = checkAnswers(served.sample, answerOf);
    expect(check).toMatchObject({ checked: 4, wrong: [] });
    expect(check.searchMs).toBeGreaterThanOrEqual(0);
  });

  test("a wrong answer is found and shown", async () => {
    const { served } = await run(100, async (cell) => ({ answer: { ...answerOf(cell), km: 4 }, source: "disk" }));
    const check = checkAnswers(served.sample, answerOf);
    expect(check.wrong).toHaveLength(4);
    const disk = { path: "/x", bytesBefore: 10, bytesAfter: 10 };
    const figures = figuresOf({ ...common, requests: 100, served, check, disk });
    expect(figures.check).toEqual({ checked: 4, wrong: 4 });
    const text = closingText(figures, check);
    expect(text).toContain("WRONG: 4 of 4");
    expect(text).not.toContain("all equal");
  });
});

describe("the report", () => {
  test("says what each tier did and what the creator alone would have taken", async () => {
    const { served } = await run(1000, remembering());
    const check = { checked: 4, wrong: [], searchMs: 2 };
    const disk = { path: "/x/geocodes.mdb", bytesBefore: 0, bytesAfter: 4096 };
    const incidents = new Map([["redis: no answer", 3]]);
    const figures = figuresOf({ ...common, requests: 1000, served: { ...served, ms: 100 }, check, disk, incidents });
    expect(figures.start).toBe("cold");
    expect(figures.creatorAlone).toEqual({ searchMs: 2, measuredSearches: 4, estimatedMs: 2000, timesAsLong: 20 });
    expect(figures.sources.map(({ source, requests }) => [source, requests])).toEqual([
      ["memory", 998],
      ["disk", 0],
      ["creator", 2],
    ]);
    expect(figures.sources[1]).toMatchObject({ medianMs: null, p99Ms: null, share: 0, answerBytes: 0 });
    expect(JSON.parse(JSON.stringify(figures))).toEqual(figures);
    const text = closingText(figures, check);
    expect(text).toMatch(/^memory +998 +99\.8 %/m);
    expect(text).toMatch(/^disk +0 +0\.0 % +– +– +0 B$/m);
    expect(text).toMatch(/^all +1,000 +100\.0 %/m);
    expect(text).toContain("about 2.00 s, 20 times as long: 1,000 scans of 2.00 ms, the mean of 4 scans");
    expect(text).toContain("4 of the answers against the uncached search, all equal");
    expect(text).toContain("Incident, 3 times: redis: no answer");
  });

  test("tells a warm start from a cold one", () => {
    const opening = {
      attribution: "City data: somebody",
      cities: 7,
      chain: "memory → disk → creator",
      diskPath: "/x",
      diskBytes: 0,
      requests: 10,
      seed: 1,
    };
    expect(openingText(opening)).toContain("cold start");
    expect(openingText({ ...opening, diskBytes: 2_000_000 })).toContain("2.00 MB from an earlier run, a warm start");
    expect(openingText(opening)).toContain("City data: somebody");
    expect(openingText(opening)).toContain("plain scan");
  });
});
