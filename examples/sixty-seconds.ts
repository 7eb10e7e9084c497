import { createRegion, stack } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";

const memory = new MemoryBackend({ maxEntries: 10_000 });
const disk = new LmdbBackend({ path: ".cache/weather.mdb" });
const weather = createRegion({ name: "weather", backend: stack(memory, disk), ttl: "5m" });

async function forecast(town: string): Promise<string> {
  console.log(`  … asking the weather service about ${town}`);
  return `${town}: sunny, 21 °C`;
}

for (const town of ["Como", "Lugano", "Como"]) {
  console.log(await weather.getOrCreate(town, () => forecast(town)));
}

await weather.close();
await disk.close();
