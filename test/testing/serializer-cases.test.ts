import { richSerializer, type Serializer } from "@cascata/core";
import { describeConformance, runConformance, serializerCases } from "@cascata/testing";
import { describe, expect, it } from "vitest";

describeConformance(serializerCases, { serializer: richSerializer }, { describe, it, title: "richSerializer" });

const { serialize, deserialize } = richSerializer;
const good: Serializer = {
  name: "good",
  serialize: (value) => serialize(value),
  deserialize: (bytes) => deserialize(bytes),
};

const broken: Readonly<Record<string, Serializer>> = {
  "has an odd name": { ...good, name: "a name" },
  "is plain JSON": {
    ...good,
    serialize: (value) => Buffer.from(JSON.stringify(value) ?? "null"),
    deserialize: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
  },
  "reads the whole buffer": { ...good, deserialize: (bytes) => deserialize(new Uint8Array(bytes.buffer)) },
  "takes anything": { ...good, deserialize: (bytes) => (bytes.length < 5 ? undefined : deserialize(bytes)) },
  "drops functions": { ...good, serialize: (value) => serialize(typeof value === "function" ? undefined : value) },
  "gives text": { ...good, serialize: (value) => String(value) as unknown as Uint8Array },
};

describe("the serializer kit", () => {
  for (const [name, serializer] of Object.entries(broken)) {
    it(`catches a serializer that ${name}`, async () => {
      const { failed } = await runConformance(serializerCases, { serializer });
      expect(failed.size).toBeGreaterThan(0);
    });
  }
});
