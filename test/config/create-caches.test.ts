import { createCaches } from "@cascata/config";
import { isNoValue } from "@cascata/core";
import { expect, test } from "vitest";

const load = (specifier: string): Promise<unknown> => import(specifier);

test("one object becomes backends and regions", async () => {
  await using caches = await createCaches(
    {
      backends: {
        local: { use: "@cascata/memory", maxEntries: 100 },
        far: { use: "@cascata/memory#serializing", maxSize: "1mb", wrap: [{ use: "compress", above: "4kb" }] },
      },
      regions: { users: { tiers: ["local", "far"], ttl: { local: "10s", far: "5m" } } },
    },
    { load },
  );
  const users = caches.region("users");
  expect(await users.getOrCreate("1", () => "Ada")).toBe("Ada");
  const entry = await users.getEntry<string>("1");
  expect(isNoValue(entry) ? entry : entry.tier).toBe("local");
});
