// The kits as the packages' own tests declare them, and those that are declared beside what doesn't run everywhere.
import "../../core/serializing-proxy.test.ts";
import "../../core/stack-conformance.test.ts";
import "../../memory/conformance.test.ts";
import "../../proxies/conformance.test.ts";
import "../../testing/reference-authority.test.ts";

import assert from "node:assert/strict";
import { richSerializer } from "@cascata/core";
import { SerializingMemoryBackend } from "@cascata/memory";
import {
  backendCases,
  describeConformance,
  ManualClock,
  MapBackend,
  runConformance,
  serializerCases,
} from "@cascata/testing";
import { brokenBackends } from "../../testing/broken-backends.ts";
import { describe, it } from "./runner.ts";

const clock = new ManualClock();
const advance = (ms: number) => clock.advance(ms);

describeConformance(
  backendCases,
  { open: () => new SerializingMemoryBackend({ maxEntries: 1000, clock }), clock, advance },
  { describe, it, title: "serializing memory" },
);
describeConformance(serializerCases, { serializer: richSerializer }, { describe, it, title: "richSerializer" });

// A kit that passed whatever it is given would prove nothing, and in browsers its assertions are not Node's.
describe("the backend kit notices a backend that", () => {
  for (const [name, spoil] of Object.entries(brokenBackends)) {
    it(name, async (context) => {
      if (name.includes("Buffer") && !("Buffer" in globalThis)) context.skip("there is no Buffer here");
      let last: MapBackend | undefined;
      const open = () => {
        const backend = new MapBackend({ clock });
        spoil(backend, { clock }, last);
        last = backend;
        return backend;
      };
      const { failed } = await runConformance(backendCases, { open, clock, advance });
      assert(failed.size > 0);
    });
  }
});
