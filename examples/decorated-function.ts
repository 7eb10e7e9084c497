import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const region = createRegion({ name: "distances", backend: new MemoryBackend({ maxEntries: 1_000 }), ttl: "1d" });

// Same arguments, same key: the types, the name and the length of the function stay.
const distance = region.cached(async function distance(from: string, to: string): Promise<number> {
  console.log(`measuring ${from} to ${to}`);
  return from.length * to.length;
});

console.log(await distance("Como", "Lugano"));
console.log(await distance("Como", "Lugano"));

await distance.invalidate("Como", "Lugano");
console.log(await distance("Como", "Lugano"));
await region.close();
