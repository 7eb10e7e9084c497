import { describeConformance, proxyCases } from "@cascata/testing";
import { describe, it } from "vitest";
import { ResidenceProxy } from "../../packages/config/src/residence-proxy.ts";

describeConformance(
  proxyCases,
  { wrap: (backend) => new ResidenceProxy(backend, 10 * 365 * 86_400_000) },
  { describe, it, title: "a farthest tier that keeps entries for less than they live" },
);
