import {
  AuthorityStore,
  backendCases,
  describeConformance,
  feedCases,
  guardCases,
  leaseCases,
  ManualClock,
  markCases,
  mutexCases,
  ReferenceAuthority,
  referenceHarness,
  revisionCases,
} from "@cascata/testing";
import { describe, it } from "vitest";

const harness = referenceHarness();
const authority = new ReferenceAuthority(new AuthorityStore({ clock: new ManualClock() }));

describe("ReferenceAuthority", () => {
  describeConformance(backendCases, harness, { describe, it, title: "as a backend" });
  describeConformance(leaseCases, harness, { describe, it, title: "leases" });
  describeConformance(revisionCases, harness, { describe, it, title: "revisions" });
  describeConformance(guardCases, harness, { describe, it, title: "guards" });
  describeConformance(markCases, harness, { describe, it, title: "marks" });
  describeConformance(feedCases, harness, { describe, it, title: "changes" });
  describeConformance(mutexCases, { mutex: (key) => authority.getMutex(key) }, { describe, it, title: "mutex" });
});
