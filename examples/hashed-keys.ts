import { createRegion, lengthConditionalMangler } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { sha1Mangler, sha256Mangler } from "@cascata/sha";

console.log(sha1Mangler("some_key"));

// Short keys stay readable.
const keyMangler = lengthConditionalMangler(64, sha256Mangler);
const region = createRegion({ name: "pages", backend: new MemoryBackend({ maxEntries: 10 }), keyMangler, ttl: "1h" });
await region.set("x".repeat(5_000), "found by its digest");
console.log(await region.get("x".repeat(5_000)), keyMangler("short"));
await region.close();
