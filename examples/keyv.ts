import { createRegion, stack } from "@cascata/core";
import { asKeyvStore, KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { Keyv } from "keyv";

// Any Keyv as a tier; here one over a Map, as with any storage adapter.
const shared = new KeyvBackend({ store: new Keyv({ namespace: "app" }) });
const sessions = createRegion({
  name: "sessions",
  backend: stack(new MemoryBackend({ maxEntries: 1_000 }), shared),
  ttl: "20m",
});

// What Keyv alone would bring back as something else comes back as it was.
await sessions.set("s1", { since: new Date(0), rights: new Set(["read"]), size: 12n });
console.log(await sessions.get("s1", { skip: { read: ["memory"] } }));

// And the other way: the region, tiers and all, for whatever takes a Keyv.
const keyv = new Keyv({ store: asKeyvStore(sessions) });
await keyv.set("s2", "by way of Keyv", 60_000);
console.log(await keyv.get("s2"));
await sessions.close();
