import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const local = new MemoryBackend({ maxEntries: 2, onRemoved: (key, _entry, cause) => console.log(`${key}: ${cause}`) });
const large = new MemoryBackend({ maxSize: "64mb", policy: "adaptive" });

const small = createRegion({ name: "small", backend: local, ttl: "1m" });
for (const key of ["a", "b", "a", "c"]) await small.getOrCreate(key, () => key.toUpperCase());

const pages = createRegion({ name: "pages", backend: large, ttl: "1h" });
await pages.set("home", "<h1>Home</h1>");
console.log(pages.peek("home"));
