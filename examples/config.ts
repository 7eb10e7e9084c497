import { readFileSync } from "node:fs";
import { type CachesConfig, createCaches } from "@cascata/config";

// Plain data: a JSON file, a YAML file, or a literal, which the compiler then checks by name.
const file = new URL("../config.json", import.meta.url);
const config = JSON.parse(readFileSync(file, "utf8")) as CachesConfig<string, "users" | "pages">;

const caches = await createCaches(config, { from: import.meta.url });
console.log(await caches.region("users").explain());

// Every mistake at once, each with its path and the nearest right spelling.
try {
  const mistaken = {
    backends: { memory: { use: "@cascata/memory", maxEntires: 5 } },
    regions: { users: { tiers: ["memroy"], ttl: "5 minutes" } },
  };
  await createCaches(mistaken as never, { from: import.meta.url });
} catch (error) {
  console.log(String(error));
}
await caches.close();
