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

const runner = { describe, it };

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
  [...backendCases, ...leaseCases, ...revisionCases, ...markCases],
  referenceHarness((far, clock) => stackWith({ clock }, new MapBackend({ clock, name: "near" }), far)),
  { ...runner, title: "a stack above an authority" },
);
