import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const pages = createRegion({ name: "pages", backend: new MemoryBackend({ maxEntries: 1_000 }), ttl: "1d" });

let rendered = 0;
const page = (path: string, author: string) =>
  pages.getOrCreate(path, async () => `${path}, rendering ${++rendered}`, { tags: [`author/${author}`] });

console.log(await page("/lakes", "ada"));
console.log(await page("/trains", "bert"));

// One mark, however many pages she has written.
await pages.invalidateTags(["author/ada"]);

console.log(await page("/lakes", "ada"));
console.log(await page("/trains", "bert"));
await pages.close();
