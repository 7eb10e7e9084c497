import { basicCases } from "./backend-basic-cases.ts";
import { contractCases } from "./backend-contract-cases.ts";
import { keyCases } from "./backend-key-cases.ts";
import { lifeCases } from "./backend-life-cases.ts";
import { valueCases } from "./backend-value-cases.ts";
import type { ConformanceCase } from "./conformance.ts";
import type { BackendHarness } from "./harness.ts";

/** What every backend and every proxy around one promises. Capabilities have kits of their own. */
export const backendCases: readonly ConformanceCase<BackendHarness>[] = [
  ...basicCases,
  ...valueCases,
  ...keyCases,
  ...lifeCases,
  ...contractCases,
];
