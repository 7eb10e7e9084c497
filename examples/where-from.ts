import { createRegion, isNoValue, NO_VALUE, stack } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";

const memory = new MemoryBackend({ maxEntries: 1_000 });
const disk = new LmdbBackend({ path: ".cache/where-from.mdb" });
const region = createRegion({ name: "answers", backend: stack(memory, disk), ttl: "1h" });

await region.set("answer", null, { ttl: "10m" });

// null, undefined, 0, NaN, "" and false are values; a miss is NO_VALUE and nothing else.
console.log(await region.get("answer"), isNoValue(await region.get("question")), String(NO_VALUE));

const entry = await region.getEntry("answer");
if (!isNoValue(entry)) console.log(`from ${entry.tier}, stale: ${entry.stale}`);

await region.close();
await disk.close();
