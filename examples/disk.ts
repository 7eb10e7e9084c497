import { createRegion, stack } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";

const memory = new MemoryBackend({ maxEntries: 1_000 });
const disk = new LmdbBackend({ path: ".cache/thumbnails.mdb", maxSize: "100mb", onDamage: "rebuild" });
const thumbnails = createRegion({ name: "thumbnails", backend: stack(memory, disk), ttl: "30d" });

const bytes = await thumbnails.getOrCreate("cat.jpg", async () => {
  console.log("made once, and kept over restarts");
  return new Uint8Array([1, 2, 3]);
});
console.log(bytes.length);

await thumbnails.close();
await disk.close();
