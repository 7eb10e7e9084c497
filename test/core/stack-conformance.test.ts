import { stackWith } from "@cascata/core";
import {
  AsyncMapBackend,
  asyncMapHarness,
  backendCases,
  describeConformance,
  leaseCases,
  MapBackend,
  mapHarness,
  markCases,
  referenceHarness,
  revisionCases,
} from "@cascata/testing";
import { describe, it } from "vitest";

// What a chain doesn't do as a backend does. Each of these is to go when the chain does it.
const skip = {
  "keepMs caps the stay, one key or many, and leaves the entry's life alone": "near tiers don't see the write's keepMs",
  "an entry with no life left is not stored, and removes what was there": "near tiers don't see the write's keepMs",
  "clear, where there is one, leaves nothing and can be followed by sets": "clear reaches the farthest tier only",
};
const runner = { describe, it, skip };

// Without a judge a chain takes whatever is near for fresh, also what the lease rejects.
const judged = new Set([
  "a rejected revision is leased and still returned; another one is not",
  '"any" rejects whatever is found; an order of another epoch rejects nothing',
]);

describeConformance(
  backendCases,
  mapHarness((far, clock) => stackWith({ clock, protection: false }, new MapBackend({ clock, name: "near" }), far)),
  { ...runner, title: "a stack of two that answer at once" },
);

describeConformance(
  backendCases,
  asyncMapHarness((far, clock) => stackWith({ clock }, new MapBackend({ clock, name: "near" }), far)),
  { ...runner, title: "a stack of two" },
);

describeConformance(
  backendCases,
  asyncMapHarness((far, clock) =>
    stackWith({ clock }, new MapBackend({ clock, name: "near" }), new AsyncMapBackend({ clock, name: "disk" }), far),
  ),
  { ...runner, title: "a stack of three" },
);

describeConformance(
  [...backendCases, ...leaseCases.filter((one) => !judged.has(one.name)), ...revisionCases, ...markCases],
  referenceHarness((far, clock) => stackWith({ clock }, new MapBackend({ clock, name: "near" }), far)),
  { ...runner, title: "a stack above an authority" },
);
