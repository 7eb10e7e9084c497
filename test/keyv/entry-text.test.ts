import { SerializationError } from "@cascata/core";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { fromText, toText } from "../../packages/keyv/src/entry-text.ts";

const instants = fc.option(fc.nat(Number.MAX_SAFE_INTEGER), { nil: undefined });
const arrays = fc.oneof(
  fc.uint8Array(),
  fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
);

async function withoutBuffer(): Promise<typeof import("../../packages/keyv/src/entry-text.ts")> {
  vi.stubGlobal("Buffer", undefined);
  vi.resetModules();
  try {
    return await import("../../packages/keyv/src/entry-text.ts");
  } finally {
    vi.unstubAllGlobals();
  }
}

describe("an entry's text", () => {
  test("gives back any bytes and any instant, and holds nothing that a text column refuses", () => {
    fc.assert(
      fc.property(arrays, instants, (bytes, expiresAt) => {
        const text = toText({ expiresAt, bytes });
        expect(text).not.toContain("\0");
        expect(text).not.toMatch(/[\uD800-\uDFFF]/u);
        expect(fromText(text)).toEqual({ expiresAt, bytes });
      }),
    );
  });

  test("is the same in a runtime without Buffer", async () => {
    const bare = await withoutBuffer();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100_000 }), instants, (bytes, expiresAt) => {
        const text = bare.toText({ expiresAt, bytes });
        expect(text).toBe(toText({ expiresAt, bytes }));
        expect(bare.fromText(text)).toEqual({ expiresAt, bytes });
      }),
      { numRuns: 20, examples: [[new Uint8Array(70_000), 5]] },
    );
  });

  test("is readable where the bytes are text", () => {
    expect(toText({ expiresAt: 12, bytes: new TextEncoder().encode("Zürich\uFEFF") })).toBe("t12 Zürich\uFEFF");
    expect(toText({ expiresAt: undefined, bytes: Uint8Array.of(0xef, 0xbb, 0xbf) })).toBe("t- \uFEFF");
    expect(toText({ expiresAt: undefined, bytes: Uint8Array.of(0xff, 0) })).toBe("b- /wA=");
  });

  test.each(["", "t", "t1", "x1 text", "t1.5 text", "t-1 text", " t1 text", "b"])("%j is not one", (text) => {
    expect(() => fromText(text)).toThrow(SerializationError);
  });
});
