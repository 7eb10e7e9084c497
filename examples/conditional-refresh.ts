import { setTimeout as pause } from "node:timers/promises";
import { createRegion } from "@cascata/core";
import { conditionalHeaders, unlessNotModified } from "@cascata/core/http";
import { MemoryBackend } from "@cascata/memory";

const url = process.env["PAGE_URL"];
if (url === undefined) throw new Error("PAGE_URL is missing: an address that answers with an ETag or a Last-Modified");

const pages = createRegion<string>({
  name: "pages",
  backend: new MemoryBackend({ maxEntries: 1000 }),
  ttl: "50ms",
  // For so long after that a page is kept, to be asked for by its validators, and served should the site be down.
  grace: "1d",
});

function page(address: string): Promise<string> {
  return pages.getOrCreate(address, async (context) => {
    const response = await fetch(address, { headers: conditionalHeaders(context), signal: context.signal });
    return unlessNotModified(context, response, (fresh) => {
      if (!fresh.ok) throw new Error(`${address} answered ${fresh.status}`);
      return fresh.text();
    });
  });
}

for (let visit = 0; visit < 3; visit += 1) {
  console.log(await page(url));
  await pause(100);
}
await pages.close();
