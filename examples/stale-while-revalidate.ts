import { setTimeout as sleep } from "node:timers/promises";
import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const news = createRegion({
  name: "news",
  backend: new MemoryBackend({ maxEntries: 100 }),
  ttl: "50ms", // fresh for so long
  grace: "1h", // and after that usable while it is renewed, or when it can't be
  softTimeout: 0, // nobody waits for the renewal
});

let edition = 0;
const headline = () => news.getOrCreate("headline", async () => `edition ${++edition}`);

console.log(await headline());
await sleep(100);
console.log(await headline(), "(stale, and being renewed)");
await sleep(20);
console.log(await headline());

// A creator that fails leaves the stale value standing.
await sleep(100);
console.log(await news.getOrCreate("headline", () => Promise.reject(new Error("the editors are on strike"))));
await news.close();
