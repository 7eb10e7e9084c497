import { richSerializer, SerializingProxy } from "@cascata/core";
import { describeConformance, proxyCases } from "@cascata/testing";
import { describe, it } from "vitest";

describeConformance(
  proxyCases,
  { wrap: (backend) => new SerializingProxy(backend, richSerializer) },
  { describe, it, title: "a serializing proxy" },
);
