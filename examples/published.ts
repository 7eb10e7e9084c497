import { setTimeout as pause } from "node:timers/promises";
import { createRegion, stack } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { broadcastBus, publish } from "@cascata/proxies";

// Stands for a store that announces nothing: a database through Keyv, say.
const database = new Map<string, unknown>();

// Two threads of an application: each has a memory of its own, and both use the store. Between machines: redisBus({ url }).
function thread() {
  const bus = broadcastBus({ channel: "prices" });
  const shared = publish({ bus })(new KeyvBackend({ store: database }));
  const prices = createRegion({ name: "prices", backend: stack(new MemoryBackend({ maxEntries: 1_000 }), shared) });
  return { prices, shared };
}
const [one, other] = [thread(), thread()];

await one.prices.set("pear", 40);
console.log(await other.prices.get("pear"));

// Changed by one; the other hears of it, and its memory forgets what it had.
await one.prices.set("pear", 45);
while ((await other.prices.get("pear")) === 40) await pause(1);
console.log(await other.prices.get("pear"));

for (const { prices, shared } of [one, other]) {
  await prices.close();
  await shared.close();
}
