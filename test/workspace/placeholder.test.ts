import { expect, test } from "vitest";

test("core resolves from source", async () => {
  const core: object = await import("@cascata/core");
  expect(typeof core).toBe("object");
});
