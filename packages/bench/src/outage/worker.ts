// One candidate in one outage, in a process of its own: told by its parent when Redis goes and when it is back.
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { farCandidates } from "../candidates/all.ts";
import { type Cache, type Profile, profile } from "../candidates/candidate.ts";
import type { Figures } from "./figures.ts";

const [name, redisUrl, seen] = process.argv.slice(2);
const candidate = farCandidates.find((one) => one.name === name);
if (candidate === undefined) throw new Error(`there is no candidate "${name}"`);
const setup = { entries: 10_000, ttlMs: 600_000, redisUrl };

const giveUpMs = 3000;
const creatorMs = 20;
/** The candidates' creators answer at once; this one takes its time, which every driver passes on. */
const create = (): Profile => wait(creatorMs).then(() => profile(1)) as unknown as Profile;

/** Milliseconds until it settles; `Infinity` when it does not within three seconds. */
async function timed(call: () => unknown): Promise<number> {
  const from = performance.now();
  const settled = Promise.resolve()
    .then(call)
    .then(
      () => true,
      () => true,
    );
  const ended = await Promise.race([settled, wait(giveUpMs, false)]);
  return ended ? performance.now() - from : Number.POSITIVE_INFINITY;
}

async function answered(cache: Cache, prefix: string): Promise<number> {
  let count = 0;
  const all = Array.from({ length: 100 }, async (_, index) => {
    const value = await cache.getOrCreate?.(`${prefix}${index}`, create);
    if (value !== undefined && value !== null) count += 1;
  });
  await Promise.race([Promise.allSettled(all), wait(giveUpMs)]);
  return count;
}

const own = await Promise.race([Promise.resolve(candidate.open(setup)), wait(giveUpMs)]);
const other = await Promise.race([Promise.resolve(candidate.open(setup)), wait(giveUpMs)]);
const tell = (message: object): void => void process.send?.(message);

if (own === undefined || other === undefined) tell({ figures: undefined });
else {
  if (seen === "seen") {
    await wait(300);
    for (let count = 0; count < 50; count += 1) await timed(() => own.getOrCreate?.(`warm${count % 10}`, create));
  }
  await timed(() => own.getOrCreate?.("user:hot", create));
  // Some store behind their answer.
  await wait(200);
  tell({ ready: true });
  await once(process, "message");
  const hits: number[] = [];
  const first = await timed(() => own.getOrCreate?.("first", create));
  for (let count = 0; count < 50 && hits.at(-1) !== Number.POSITIVE_INFINITY; count += 1) {
    hits.push(await timed(() => own.getOrCreate?.("user:hot", create)));
  }
  const early = await answered(own, "early");
  const later: number[] = [];
  for (let count = 0; count < 5; count += 1) later.push(await timed(() => own.getOrCreate?.(`later${count}`, create)));
  const set = await timed(() => own.set("written", profile(2)));
  const removed = await timed(() => own.delete?.("removed"));
  tell({ measured: true });
  await once(process, "message");
  const from = performance.now();
  let backMs = Number.POSITIVE_INFINITY;
  for (let count = 0; performance.now() - from < 2 * giveUpMs; count += 1) {
    const key = `back${count}`;
    const wrote = await timed(() => own.set(key, profile(3)));
    const found = await Promise.race([Promise.resolve(other.get?.(key)).catch(() => undefined), wait(giveUpMs)]);
    if (wrote < giveUpMs && typeof found === "object" && found !== null && "id" in found) {
      backMs = performance.now() - from;
      break;
    }
    await wait(20);
  }
  later.sort((a, b) => a - b);
  const figures: Figures = {
    hit: Math.max(...hits),
    first,
    later: later[2] ?? Number.POSITIVE_INFINITY,
    answered: early,
    set,
    delete: removed,
    back: backMs,
  };
  // What JSON has no word for travels as text.
  tell({ figures: Object.fromEntries(Object.entries(figures).map(([what, ms]) => [what, String(ms)])) });
}
await wait(50);
process.exit(0);
