// The main job, `npm start`: a reverse geocoder behind a cache, on real data. See options.ts for the command line.
import { join } from "node:path";
import process from "node:process";
import { diskBytes, diskFile, dropDiskFile, openGeocoderCache } from "./caches.ts";
import { type Check, checkAnswers } from "./check.ts";
import { attribution, type City, dataVersion, loadCities } from "./cities.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { type Cell, centreOf } from "./grid.ts";
import { nearestCity } from "./nearest.ts";
import { type GeocoderOptions, readOptions, UsageError, usage } from "./options.ts";
import { type Progress, progress, silent } from "./progress.ts";
import { closingText, openingText } from "./report.ts";
import { requestedPoints } from "./requests.ts";
import { creatorSource, type Served, serve } from "./serve.ts";

const sampleSize = 200;
/** Beside the package, not in the emitted files: a build must not make a cold start. */
const usualCacheDir = join(import.meta.dirname, "..", "..", ".cache", "geocoder");

/** A person pressed Ctrl-C. */
const interrupted = new Error("interrupted: what was found so far is kept on the disk");

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A terminal gets a bar, on standard error, so that standard output stays clean; a pipe gets plain lines. */
function progressFor(options: GeocoderOptions): Progress {
  const now = () => performance.now();
  if (process.stderr.isTTY && process.env["TERM"] !== "dumb") return progress(options.requests, process.stderr, now);
  if (options.json) return silent;
  return progress(options.requests, { write: (text) => process.stdout.write(text) }, now);
}

async function work(options: GeocoderOptions, cities: readonly City[], signal: AbortSignal) {
  const { requests, seed, cacheDir, redis, json } = options;
  const version = dataVersion();
  const search = (cell: Cell) => nearestCity(cities, centreOf(cell));
  if (options.fresh) dropDiskFile(cacheDir);
  const disk = { path: diskFile(cacheDir), bytesBefore: diskBytes(cacheDir) };
  const cache = await openGeocoderCache({ cacheDir, redis, version, search });
  const said = { attribution: attribution(version), cities: cities.length, requests, seed };
  const chain = [...cache.tiers, creatorSource].join(" → ");
  if (!json) say(openingText({ ...said, chain, diskPath: disk.path, diskBytes: disk.bytesBefore }));
  let served: Served;
  const shown = progressFor(options);
  try {
    const onProgress = (done: number) => shown.update(done);
    served = await serve(requestedPoints(cities, seed), cache.lookup, {
      requests,
      seed,
      sample: sampleSize,
      onProgress,
      signal,
    });
  } finally {
    shown.end();
    await cache.close();
  }
  const check = checkAnswers(served.sample, search);
  const { tiers, incidents } = cache;
  const all = { ...said, tiers, served, check, incidents };
  return { check, figures: figuresOf({ ...all, disk: { ...disk, bytesAfter: diskBytes(cacheDir) } }) };
}

function show(figures: Figures, check: Check, json: boolean): void {
  say(json ? JSON.stringify(figures, undefined, 2) : closingText(figures, check));
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env, usualCacheDir);
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const stopper = new AbortController();
  const stop = () => stopper.abort(interrupted);
  process.once("SIGINT", stop);
  try {
    const { figures, check } = await work(options, loadCities(), stopper.signal);
    show(figures, check, options.json);
    return check.wrong.length === 0 ? 0 : 1;
  } finally {
    process.off("SIGINT", stop);
  }
}

// Whoever read the output has gone, as `head` does: nothing is left to be said, and the disk tier stands any end.
process.stdout.on("error", () => process.exit(0));

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`${error.message}\n\n${usage}`);
  else process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error === interrupted ? 130 : error instanceof UsageError ? 2 : 1;
}
