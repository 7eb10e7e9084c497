import { CachedValue, NO_VALUE } from "@cascata/core";
import { evictionPolicies, MemoryBackend } from "@cascata/memory";
import { ManualClock } from "@cascata/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const key = fc.constantFrom("a", "b", "c", "d", "e", "f");
const step = fc.oneof(
  fc.record({
    do: fc.constant("set" as const),
    key,
    ttl: fc.integer({ min: 0, max: 50 }),
    keepMs: fc.integer({ min: 1, max: 50 }),
  }),
  fc.record({ do: fc.constant("delete" as const), key }),
  fc.record({ do: fc.constant("get" as const), key }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ do: fc.constant("clear" as const) }),
);

interface Known {
  readonly entry: CachedValue;
  readonly until: number;
}

describe.each(evictionPolicies)("the policy %s", (policy) => {
  test("answers like a Map as long as there is room, and never with more than the model", async () => {
    const steps = fc.array(step, { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(3, 100), async (all, maxEntries) => {
        const clock = new ManualClock();
        const backend = new MemoryBackend({ policy, maxEntries, maxSize: "1mb", clock });
        const model = new Map<string, Known>();
        let serial = 0;
        for (const one of all) {
          if (one.do === "set") {
            const now = clock.now();
            const metadata = { createdAt: now, startedAt: now, formatVersion: 1, ttl: one.ttl };
            const entry = new CachedValue(serial++, metadata);
            backend.set(one.key, entry, { keepMs: one.keepMs });
            const life = Math.min(one.ttl, one.keepMs);
            if (life > 0) model.set(one.key, { entry, until: now + life });
            else model.delete(one.key);
          } else if (one.do === "delete") {
            backend.delete(one.key);
            model.delete(one.key);
          } else if (one.do === "pass") await clock.advance(one.ms);
          else if (one.do === "clear") {
            backend.clear();
            model.clear();
          } else {
            const known = model.get(one.key);
            const expected = known !== undefined && known.until >= clock.now() ? known.entry : NO_VALUE;
            const found = backend.get(one.key);
            if (maxEntries === 100) expect(found).toBe(expected);
            else expect([expected, NO_VALUE]).toContain(found);
          }
          expect(backend.size).toBeLessThanOrEqual(maxEntries);
        }
      }),
      { numRuns: 150 },
    );
  });
});
