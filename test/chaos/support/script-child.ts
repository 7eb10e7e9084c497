// One fault script in a process of its own. It has to end by itself, with exit code 0: `node script-child.mjs SCRIPT LISTENER`.
import { seededRandom } from "@cascata/testing";
import { everyCall } from "./every-call.ts";
import { outages } from "./outages.ts";
import { openRegion, type ProcessRegion } from "./process-region.ts";
import { type Activity, events, scripts } from "./scripts.ts";

const [name, listener] = process.argv.slice(2);
const script = scripts.find((one) => one.name === name);
const outage = outages.find((one) => one.name === script?.outage);
if (script === undefined || outage === undefined) throw new Error(`there is no script "${name}"`);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const run: Readonly<Record<Activity, (opened: ProcessRegion<unknown>, forMs: number) => Promise<void>>> = {
  "every call": async ({ region }, forMs) => {
    const calls = [...everyCall(region, seededRandom(3)).values()];
    for (const end = performance.now() + forMs; performance.now() < end; ) {
      // What rejects is its caller's; whatever else comes of a call is ours to handle.
      for (const call of calls)
        void Promise.resolve()
          .then(call)
          .catch(() => undefined);
      await pause(20);
    }
  },
  "creators that fail": async ({ region }, forMs) => {
    const fail = (): never => {
      throw new RangeError("the creator could not");
    };
    const later = async (): Promise<never> => {
      await pause(30);
      return fail();
    };
    let count = 0;
    for (const end = performance.now() + forMs; performance.now() < end; count += 1) {
      void region.getOrCreate(`f${count}`, later, { softTimeout: 10, hardTimeout: 20 }).catch(() => undefined);
      void region.getOrCreate(`f${count % 7}`, fail).catch(() => undefined);
      void region.getOrCreateMulti([`f${count}`, "stale"], later).catch(() => undefined);
      void region.getOrCreate("stale", later, { forceRefresh: true }).catch(() => undefined);
      await pause(10);
    }
  },
  "closed while it lasts": async ({ region, redis }, forMs) => {
    const calls = [...everyCall(region, seededRandom(5)).values()];
    await pause(forMs / 2);
    for (const call of calls)
      void Promise.resolve()
        .then(call)
        .catch(() => undefined);
    void region.delete("unconfirmed").catch(() => undefined);
    await Promise.all([region.close(), redis.close()]);
    for (const call of calls)
      void Promise.resolve()
        .then(call)
        .catch(() => undefined);
  },
};

const scene = await outage.open();
const opened = openRegion({ redis: scene.redis, region: { ttl: "200ms", grace: "1m" } });
if (listener === "throwing") {
  const fail = (): never => {
    throw new Error("a listener that throws");
  };
  for (const event of events) opened.region.on(event, fail);
  opened.redis.watch(fail);
}
await opened.region.getOrCreate("stale", () => 1);
await pause(300);
await scene.begin();
await run[script.activity](opened, 900);
await scene.end();
await pause(300);
await opened[Symbol.asyncDispose]();
await scene[Symbol.asyncDispose]();
// Nothing is left that keeps the process alive.
setTimeout(() => {
  console.error(`still there: ${process.getActiveResourcesInfo().join(", ")}`);
  process.exit(3);
}, 6000).unref();
