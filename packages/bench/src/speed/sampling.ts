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
  /** `processor`: what this process used, whatever else the machine does; `wall`: for what waits for a server. */
  readonly clock: "processor" | "wall";
}

/** Until then the engine is still compiling. */
const warmUpMs = 250;

function nowMs(clock: Sampling["clock"]): number {
  if (clock === "wall") return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Nanoseconds an operation: the middle of several samples, each long enough for the clock, after a warm-up. */
export async function sample(operation: Operation, { samples, sampleMs, clock }: Sampling): Promise<number> {
  const started = nowMs(clock);
  let count = 1;
  for (;;) {
    const before = nowMs(clock);
    await operation.run(count);
    const tookMs = nowMs(clock) - before;
    if (tookMs >= sampleMs / 2 && nowMs(clock) - started >= warmUpMs) {
      count = Math.max(1, Math.round((count * sampleMs) / tookMs));
      break;
    }
    if (tookMs < sampleMs / 2) count *= 2;
  }
  const times: number[] = [];
  for (let at = 0; at < samples; at += 1) {
    const before = nowMs(clock);
    await operation.run(count);
    times.push(((nowMs(clock) - before) * 1e6) / count);
  }
  return median(times);
}
