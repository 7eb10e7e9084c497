import { backendCases, describeConformance } from "@cascata/testing";
import { describe, it } from "vitest";
import { referenceHarness } from "./harnesses.ts";

describeConformance(backendCases, referenceHarness(), { describe, it, title: "ReferenceAuthority as a backend" });
