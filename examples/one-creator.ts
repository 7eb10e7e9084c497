import { createRegion } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

const reports = createRegion({ name: "reports", backend: new MemoryBackend({ maxEntries: 100 }), ttl: "1h" });

let made = 0;
async function report(): Promise<string> {
  made++;
  return "all is well";
}

// A thousand callers at once, one creator, one answer for all of them.
const answers = await Promise.all(Array.from({ length: 1_000 }, () => reports.getOrCreate("today", report)));

console.log(`${answers.length} answers, ${new Set(answers).size} different, made ${made} time`);
await reports.close();
