import { createRegion, stack } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import Keyv from "keyv";

// Any Keyv, or a bare storage adapter: here the one that Keyv has built in.
const store = new Keyv();
const region = createRegion({
  name: "sessions",
  backend: stack(new MemoryBackend({ maxEntries: 1_000 }), new KeyvBackend({ store })),
  ttl: "20m",
});

// What Keyv alone would bring back as something else comes back as it was.
await region.set("s1", { since: new Date(0), rights: new Set(["read"]), size: 12n });
console.log(await region.get("s1", { skip: { read: ["memory"] } }));
await region.close();
