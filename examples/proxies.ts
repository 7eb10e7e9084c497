import { createRegion, stack } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { freeze, prefix } from "@cascata/proxies";

const region = createRegion({
  name: "settings",
  // Outermost first: frozen copies are what the prefixed backend keeps.
  backend: stack(new MemoryBackend({ maxEntries: 100 })),
  wrap: [freeze(), prefix("v2:")],
  ttl: "1h",
});

await region.set("theme", { dark: true });
const theme = (await region.get("theme")) as { dark: boolean };
console.log(theme, Object.isFrozen(theme));
await region.close();
