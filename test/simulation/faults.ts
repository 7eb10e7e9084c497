import type { World } from "./world.ts";

/** What a run is plagued by. */
export const faults = [
  "none",
  "feed-cut",
  "feed-black-hole",
  "data-cut",
  "partition",
  "slow",
  "restart-empty",
  "outage",
  "trim",
  "trim-all",
  "trim-often",
  "crash",
  "pause",
  "failover",
  "lagging-failover",
  "storm",
] as const;
export type Fault = (typeof faults)[number];

/** Lets one fault come and go during a run, at instants that the seed chooses. */
export function inflict(
  world: World,
  fault: Fault,
  fromMs: number,
  toMs: number,
  note: (text: string) => void = () => undefined,
): void {
  const { random, clock } = world;
  const at = (ms: number, run: () => void, what = "") =>
    clock.schedule(() => {
      note(`${fault} ${what}`);
      run();
    }, ms - clock.elapsed);
  const victim = () => random.pick(world.processes);
  const stretch = (): readonly [number, number] => {
    const start = fromMs + random.next() * (toMs - fromMs) * 0.6;
    return [start, Math.min(toMs, start + 100 + random.next() * (toMs - start))];
  };
  if (fault === "none") return;
  const feeds = (what: "cut" | "mend") => {
    for (const { feed } of world.processes) feed[what]();
  };
  // Nobody hears anything for a while, short or long, and what was said meanwhile is gone.
  const deafen = (start: number, end: number) => {
    at(start, () => feeds("cut"));
    at(end, () => {
      world.store.log.trim(0);
      feeds("mend");
    });
  };
  if (fault === "trim-all") {
    deafen(fromMs + 200, toMs - 1500);
    return;
  }
  if (fault === "trim-often") {
    for (let start = fromMs; start < toMs - 600; start += 600) deafen(start, start + 50 + random.next() * 250);
    return;
  }
  if (fault === "storm") {
    for (let count = 0; count < 3; count += 1) inflict(world, random.pick(faults.slice(1, -1)), fromMs, toMs, note);
    return;
  }
  const times = 1 + random.below(2);
  for (let count = 0; count < times; count += 1) {
    const [start, end] = stretch();
    const who = victim();
    const { data, feed } = who;
    const before = data.latency;
    const during = (begin: () => void, finish: () => void) => {
      at(start, begin, `of process ${who.label} begins`);
      at(end, finish, "ends");
    };
    if (fault === "feed-cut")
      during(
        () => feed.cut(),
        () => feed.mend(),
      );
    else if (fault === "feed-black-hole")
      during(
        () => {
          feed.blackHole = true;
        },
        () => feed.mend(),
      );
    else if (fault === "data-cut")
      during(
        () => data.cut(),
        () => data.mend(),
      );
    else if (fault === "partition")
      during(
        () => {
          data.blackHole = true;
          feed.blackHole = true;
        },
        () => {
          data.mend();
          feed.mend();
        },
      );
    else if (fault === "slow")
      during(
        () => {
          data.latency = { base: 20, spread: 150 };
        },
        () => {
          data.latency = before;
        },
      );
    else if (fault === "restart-empty") at(start, () => world.store.restartEmpty());
    else if (fault === "outage")
      during(
        () => world.store.stop(),
        () => world.store.start({ empty: random.chance(0.3) }),
      );
    else if (fault === "trim")
      during(
        () => feed.cut(),
        () => {
          world.store.log.trim(0);
          feed.mend();
        },
      );
    else if (fault === "pause")
      during(
        () => who.clock.pause(),
        () => who.clock.resume(),
      );
    else if (fault === "crash")
      during(
        () => who.crash(),
        () => world.restart(who.id),
      );
    else if (fault === "lagging-failover") {
      // The replica lacks the last moments of what the primary had confirmed.
      at(start, () => {
        const snapshot = world.store.snapshot();
        world.lost.push([clock.elapsed, clock.elapsed + 150]);
        at(clock.elapsed + 150, () => world.store.promote(snapshot));
      });
    } else if (fault === "failover") at(start, () => world.store.promote(world.store.snapshot()));
  }
}
