import { createHash } from "node:crypto";
import { sha1MangleKey, sha1Mangler, sha256MangleKey, sha256Mangler } from "@cascata/sha";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("digests of keys", () => {
  it("agrees with dogpile.cache on a text and on its bytes", () => {
    const digest = "53def077a4264bd3183d4eb21b1f56f883e1b572";
    expect(sha1MangleKey("some_key")).toBe(digest);
    expect(sha1MangleKey(new TextEncoder().encode("some_key"))).toBe(digest);
    expect(sha1Mangler("some_key")).toBe(digest);
  });

  it("agrees with Node's own hashes on any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (key) => {
        expect(sha1Mangler(key)).toBe(createHash("sha1").update(key, "utf8").digest("hex"));
        expect(sha256Mangler(key)).toBe(createHash("sha256").update(key, "utf8").digest("hex"));
      }),
    );
  });

  it("agrees with Node's own hashes on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (key) => {
        expect(sha1MangleKey(key)).toBe(createHash("sha1").update(key).digest("hex"));
        expect(sha256MangleKey(key)).toBe(createHash("sha256").update(key).digest("hex"));
      }),
    );
  });
});
