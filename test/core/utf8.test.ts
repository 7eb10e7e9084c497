import { afterEach, describe, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The package as a runtime without Node's Buffer loads it. */
async function withoutBuffer(): Promise<typeof import("@cascata/core")> {
  vi.stubGlobal("Buffer", undefined);
  vi.resetModules();
  return import("@cascata/core");
}

const payload = { text: "é\u4e2d\ud83d\ude00".repeat(3000), list: [1.5, -7, 2 ** 40], bytes: new Uint8Array([1, 2]) };
const metadata = { createdAt: 1, startedAt: 1, formatVersion: 1, tags: ["ü"] };

describe("where the runtime has no Buffer", () => {
  it("writes the same bytes and reads them", async () => {
    const here = await import("@cascata/core");
    const expected = new here.Wire({ serializer: here.richSerializer }).encode(
      "ключ",
      new here.CachedValue(payload, metadata),
    );
    const core = await withoutBuffer();
    const bytes = new core.Wire({ serializer: core.richSerializer }).encode(
      "ключ",
      new core.CachedValue(payload, metadata),
    );
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes).toStrictEqual(new Uint8Array(expected));
    expect(new core.Wire({ serializer: core.richSerializer }).decode("ключ", bytes).payload).toStrictEqual(payload);
    vi.unstubAllGlobals();
    expect(new here.Wire({ serializer: here.richSerializer }).decode("ключ", bytes).payload).toStrictEqual(payload);
  });

  it("reads a stored Buffer as a Uint8Array", async () => {
    const here = await import("@cascata/core");
    const bytes = new Uint8Array(here.richSerializer.serialize({ image: Buffer.from("abc") }));
    const back = here.richSerializer.deserialize(bytes) as { image: Uint8Array };
    expect(Buffer.isBuffer(back.image)).toBe(true);
    const core = await withoutBuffer();
    expect(core.richSerializer.deserialize(bytes)).toStrictEqual({ image: new Uint8Array([97, 98, 99]) });
  });
});
