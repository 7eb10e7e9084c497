import type { Check } from "./check.ts";
import { creatorSource, type Served } from "./serve.ts";

/** One line of the table. Latencies are milliseconds; `null` where nothing was answered. */
export interface SourceFigures {
  readonly source: string;
  readonly requests: number;
  /** Of all requests, 0 to 1. */
  readonly share: number;
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
  /** Of the answers that it gave, as JSON. */
  readonly answerBytes: number;
}

/** The size of the disk tier's file, in bytes. */
export interface DiskFigures {
  readonly path: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** What `--json` prints. */
export interface Figures {
  readonly data: { readonly attribution: string; readonly cities: number };
  readonly requests: number;
  readonly seed: number;
  readonly start: "cold" | "warm";
  readonly cells: number;
  readonly sources: readonly SourceFigures[];
  readonly totalMs: number;
  readonly creatorAlone: {
    /** Mean of one uncached search, measured in this run. */
    readonly searchMs: number;
    readonly measuredSearches: number;
    /** `requests` times `searchMs`: an estimate. */
    readonly estimatedMs: number;
    readonly timesAsLong: number;
  };
  readonly check: { readonly checked: number; readonly wrong: number };
  readonly disk: DiskFigures;
  /** What went wrong with a tier without harm to an answer, by tier and kind. */
  readonly incidents: readonly { readonly what: string; readonly count: number }[];
}

export interface FiguresInput {
  readonly attribution: string;
  readonly cities: number;
  readonly requests: number;
  readonly seed: number;
  /** Nearest first, without the creator. */
  readonly tiers: readonly string[];
  readonly served: Served;
  readonly check: Check;
  readonly disk: DiskFigures;
  readonly incidents: ReadonlyMap<string, number>;
}

/** Puts a run's figures together. */
export function figuresOf(input: FiguresInput): Figures {
  const { served, check, requests } = input;
  const estimatedMs = requests * check.searchMs;
  return {
    data: { attribution: input.attribution, cities: input.cities },
    requests,
    seed: input.seed,
    start: input.disk.bytesBefore > 0 ? "warm" : "cold",
    cells: served.cells,
    sources: [...input.tiers, creatorSource].map((source) => sourceFigures(source, served, requests)),
    totalMs: served.ms,
    creatorAlone: {
      searchMs: check.searchMs,
      measuredSearches: check.checked,
      estimatedMs,
      timesAsLong: estimatedMs / served.ms,
    },
    check: { checked: check.checked, wrong: check.wrong.length },
    disk: input.disk,
    incidents: [...input.incidents].map(([what, count]) => ({ what, count })),
  };
}

function sourceFigures(source: string, { tally }: Served, requests: number): SourceFigures {
  const latencies = tally.latencies(source);
  const some = latencies.count > 0;
  return {
    source,
    requests: latencies.count,
    share: latencies.count / requests,
    medianMs: some ? latencies.quantile(0.5) : null,
    p99Ms: some ? latencies.quantile(0.99) : null,
    answerBytes: tally.bytes(source),
  };
}
