import { MemoryBackend } from "@cascata/memory";
import { backendCases, describeConformance, ManualClock } from "@cascata/testing";
import { describe, it } from "vitest";

const clock = new ManualClock();
const advance = (ms: number) => clock.advance(ms);

describeConformance(
  backendCases,
  { open: () => new MemoryBackend({ maxEntries: 1000, clock }), clock, advance },
  { describe, it, title: "memory, bounded by entries" },
);

describeConformance(
  backendCases,
  { open: () => new MemoryBackend({ maxSize: "32mb", clock }), clock, advance },
  { describe, it, title: "memory, bounded by bytes" },
);

describeConformance(
  backendCases,
  { open: () => new MemoryBackend({ maxEntries: 1000, clock }).scoped("users"), clock, advance },
  { describe, it, title: "a scope of memory" },
);
