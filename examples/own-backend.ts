import { createRegion, stack } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { BytesBackend } from "./bytes-backend.ts";

const bytes = new BytesBackend();
const region = createRegion({ name: "own", backend: stack(new MemoryBackend({ maxEntries: 10 }), bytes), ttl: "1m" });

console.log(await region.getOrCreate("greeting", () => "made by the creator", { awaitFill: true }));
console.log(await region.get("greeting", { skip: { read: ["memory"] } }));
await region.close();
