import process from "node:process";
import { median } from "../statistics.ts";

/** One operation, repeated: `run(count)` does it `count` times. */
export interface Operation {
  readonly name: string;
  run(count: number): Promise<void>;
}

/** How long is sampled, and whose time. */
export interface Sampling {
  readonly samples: number;
  readonly sampleMs: number;
  /** Until then the engine is still compiling. */
  readonly warmUpMs: number;
  /** `processor`: what this process used, whatever else the machine does; `wall`: for what waits for a server. */
  readonly clock: "processor" | "wall";
}

function nowMs(clock: Sampling["clock"]): number {
  if (clock === "wall") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** How often the operation is repeated in one sample, found while the engine compiles it. */
async function warmedUp(operation: Operation, { sampleMs, warmUpMs, clock }: Sampling): Promise<number> {
  const started = nowMs(clock);
  let count = 1;
  for (;;) {
    const before = nowMs(clock);
    await operation.run(count);
    const now = nowMs(clock);
    if (now - before < sampleMs / 2) count *= 2;
    else if (now - started >= warmUpMs) return Math.max(1, Math.round((count * sampleMs) / (now - before)));
  }
}

async function timed(operation: Operation, count: number, clock: Sampling["clock"]): Promise<number> {
  const before = nowMs(clock);
  await operation.run(count);
  return ((nowMs(clock) - before) * 1e6) / count;
}

/** Nanoseconds an operation: the middle of several samples, each long enough for the clock, after a warm-up. */
export async function sample(operation: Operation, sampling: Sampling): Promise<number> {
  const count = await warmedUp(operation, sampling);
  const times: number[] = [];
  for (let at = 0; at < sampling.samples; at += 1) times.push(await timed(operation, count, sampling.clock));
  return median(times);
}

/** What one operation took in each sample, in nanoseconds: by the wall's clock, and of this process's time. */
export interface Times {
  readonly wall: number[];
  readonly processor: number[];
}

/** Two operations in turns, sample by sample, so that a slow minute of the machine slows both. */
export async function samplePair(
  one: Operation,
  other: Operation,
  sampling: Sampling,
): Promise<readonly [Times, Times]> {
  const counts = [await warmedUp(one, sampling), await warmedUp(other, sampling)] as const;
  const times: readonly [Times, Times] = [
    { wall: [], processor: [] },
    { wall: [], processor: [] },
  ];
  for (let at = 0; at < sampling.samples; at += 1) {
    await timedTwice(one, counts[0], times[0]);
    await timedTwice(other, counts[1], times[1]);
  }
  return times;
}

async function timedTwice(operation: Operation, count: number, into: Times): Promise<void> {
  const before = [nowMs("wall"), nowMs("processor")] as const;
  await operation.run(count);
  into.wall.push(((nowMs("wall") - before[0]) * 1e6) / count);
  into.processor.push(((nowMs("processor") - before[1]) * 1e6) / count);
}
