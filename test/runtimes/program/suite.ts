// The kit in the runtime's own test runner, which the environment can't choose: each calls its module its own name.
import { MemoryBackend } from "@cascata/memory";
import { backendCases, describeConformance, ManualClock, type Runner } from "@cascata/testing";

const name: string = "Bun" in globalThis ? "bun:test" : "node:test";
const { describe, it } = (await import(name)) as Runner;
const clock = new ManualClock();

describeConformance(
  backendCases,
  { open: () => new MemoryBackend({ maxEntries: 1000, clock }), clock, advance: (ms) => clock.advance(ms) },
  { describe, it, skip: { "a thousand keys in one batch": "to see a skip counted" } },
);
