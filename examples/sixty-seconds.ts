import { createCaches } from "@cascata/config";

const caches = await createCaches(
  {
    backends: {
      memory: { use: "@cascata/memory", maxEntries: 10_000 },
      disk: { use: "@cascata/lmdb", path: ".cache/weather.mdb" },
    },
    regions: {
      weather: { tiers: ["memory", "disk"], ttl: "5m" },
    },
  },
  { from: import.meta.url },
);
const weather = caches.region("weather");

async function forecast(town: string): Promise<string> {
  console.log(`  … asking the weather service about ${town}`);
  return `${town}: sunny, 21 °C`;
}

for (const town of ["Como", "Lugano", "Como"]) {
  console.log(await weather.getOrCreate(town, () => forecast(town)));
}
await caches.close();
