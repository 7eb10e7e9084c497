import { type CachesConfig, createCaches } from "@cascata/config";
import type { Bus, BusListener } from "@cascata/core";
import { broadcastBus, memoryBus } from "@cascata/proxies";
import { expect, test } from "vitest";
import { until } from "../support/until.ts";

let channels = 0;
const channelName = () => `config-${process.pid}-${++channels}`;

const config = (bus: unknown, store: Map<string, unknown>): CachesConfig =>
  ({
    backends: {
      near: { use: "@cascata/memory", maxEntries: 100 },
      far: { use: "@cascata/keyv", store, wrap: [{ use: "publish", bus, heartbeat: "300ms" }] },
    },
    regions: { users: { tiers: ["near", "far"], ttl: "1h" } },
  }) as CachesConfig;

/** Two configurations on one store, as two threads would have them, hear of each other's changes. */
async function hearsOf(bus: unknown): Promise<void> {
  const store = new Map<string, unknown>();
  const [one, two] = [await createCaches(config(bus, store)), await createCaches(config(bus, store))];
  try {
    for (const caches of [one, two])
      await until("the feed is live", () => caches.backends.get("far")?.changes?.live === true);
    await one.region("users").set("a", "old");
    await until("two sees it", async () => (await two.region("users").get("a")) === "old");
    await one.region("users").set("a", "new");
    await until("two hears of it", async () => (await two.region("users").get("a")) === "new");
  } finally {
    await one.close();
    await two.close();
  }
}

test("a bus that data names", async () => {
  await hearsOf(JSON.parse(JSON.stringify({ use: "broadcast-channel", channel: channelName() })));
});

test("a bus that a program gives", () => hearsOf(memoryBus()));

test("a bus that a file of the application exports", async () => {
  await hearsOf({ use: new URL("./bus.fixture.ts", import.meta.url).href, name: channelName() });
});

test("closing the caches leaves the bus, and ends the proxies with their backends", async () => {
  const inner = memoryBus();
  let joined = 0;
  const counted: Bus = {
    name: "counted",
    join: (listener: BusListener) => {
      joined += 1;
      const link = inner.join(listener);
      return {
        send: (text) => link.send(text),
        close: () => {
          joined -= 1;
          return link.close();
        },
      };
    },
  };
  const caches = await createCaches(config(counted, new Map()));
  await caches.region("users").get("a");
  expect(joined).toBe(1);
  await caches.close();
  expect(joined).toBe(0);
});

test("the doctor says what a feed over a bus holds", async () => {
  const caches = await createCaches(config(broadcastBus({ channel: channelName() }), new Map()));
  const text = caches.doctor().toString();
  expect(text).toContain("bounded staleness of near tiers");
  await caches.close();
});
