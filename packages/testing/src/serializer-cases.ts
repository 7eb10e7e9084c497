import assert from "node:assert/strict";
import { NO_VALUE, type Serializer } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { failureOf } from "./harness.ts";
import { assertSameValue } from "./same-value.ts";
import { storableValues, unstorableValues } from "./sample-values.ts";

/** What the serializer kit needs. */
export interface SerializerHarness {
  readonly serializer: Serializer;
}

/** What a {@link Serializer} promises: everything storable comes back the same, everything else is refused. */
export const serializerCases: readonly ConformanceCase<SerializerHarness>[] = [
  {
    name: "has a name of letters, digits and hyphens",
    run: async ({ serializer }) => assert.match(serializer.name, /^[A-Za-z0-9-]+$/),
  },
  ...storableValues.map(
    (sample): ConformanceCase<SerializerHarness> => ({
      name: `${sample.name} round-trips and is not changed`,
      run: async ({ serializer }) => {
        const value = sample.make();
        const bytes = serializer.serialize(value);
        assert(bytes instanceof Uint8Array, "serialize gives bytes");
        assertSameValue(value, sample.make(), "what was serialized");
        assertSameValue(serializer.deserialize(bytes), sample.make(), sample.name);
        assertSameValue(serializer.deserialize(shifted(bytes)), sample.make(), "from within a larger buffer");
      },
    }),
  ),
  {
    name: "what comes back shares nothing with the bytes",
    run: async ({ serializer }) => {
      const bytes = serializer.serialize({ bytes: Uint8Array.of(1, 2, 3), text: "abc" });
      const value = serializer.deserialize(bytes);
      bytes.fill(0);
      assertSameValue(value, { bytes: Uint8Array.of(1, 2, 3), text: "abc" });
    },
  },
  {
    name: "frozen values can be serialized",
    run: async ({ serializer }) => {
      const value = Object.freeze({ list: Object.freeze([1, Object.freeze(new Date(5))]) });
      assertSameValue(serializer.deserialize(serializer.serialize(value)), { list: [1, new Date(5)] });
    },
  },
  ...[
    ...unstorableValues,
    { name: "NO_VALUE", make: () => NO_VALUE },
    { name: "NO_VALUE inside", make: () => [NO_VALUE] },
  ].map(
    (sample): ConformanceCase<SerializerHarness> => ({
      name: `${sample.name} is refused`,
      run: async ({ serializer }) => {
        const error = await failureOf(() => serializer.serialize(sample.make()), `serializing ${sample.name}`);
        assert(error instanceof Error, "refused with an Error");
      },
    }),
  ),
  {
    name: "foreign and empty bytes are refused",
    run: async ({ serializer }) => {
      for (const bytes of [new Uint8Array(0), Uint8Array.of(0xff, 0xfe, 0x00, 0xc3)]) {
        await failureOf(() => serializer.deserialize(bytes), `deserializing ${bytes.length} foreign bytes`);
      }
    },
  },
];

function shifted(bytes: Uint8Array): Uint8Array {
  const larger = new Uint8Array(bytes.length + 7).fill(0x7b);
  larger.set(bytes, 3);
  return larger.subarray(3, 3 + bytes.length);
}
