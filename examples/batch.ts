import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const prices = createRegion({ name: "prices", backend: new MemoryBackend({ maxEntries: 1_000 }), ttl: "1m" });

await prices.set("apple", 30);

// One call for all that no tier has, whatever was asked for.
const basket = await prices.getOrCreateMulti(["pear", "apple", "plum", "pear"], async (keys) => {
  console.log(`price list asked for: ${keys.join(", ")}`);
  return keys.map((key) => key.length * 10);
});

// In the caller's order, each key once.
for (const [fruit, price] of basket) console.log(`${fruit}: ${price}`);
await prices.close();
