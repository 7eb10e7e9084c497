import { readFileSync } from "node:fs";
import { type BackendDefinition, type BusDefinition, resolveRegionOptions, ValidationError } from "@cascata/core";
import { buses, proxies } from "@cascata/proxies";
import { describe, expect, test } from "vitest";
import { backendSchemas, remoteFields } from "../../packages/config/src/backend-schemas.ts";
import { busSchemas } from "../../packages/config/src/bus-schemas.ts";
import { jsonSchema } from "../../packages/config/src/json-schema.ts";
import { proxySchemas } from "../../packages/config/src/proxy-schemas.ts";
import { settingNames } from "../../packages/config/src/region-schema.ts";

type Json = { readonly [name: string]: Json } & readonly Json[];

const published = JSON.parse(readFileSync(new URL("../../packages/config/schema.json", import.meta.url), "utf8"));

test("the published schema is what configurations are checked with", () => {
  const hint = "node scripts/write-config-schema.mjs writes it";
  expect(published, hint).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

test("it holds no option that only code can give, and a place for every one that data can", () => {
  const region = Object.keys((published as Json)["$defs"]?.["region"]?.["properties"] ?? {});
  expect(region).toEqual(expect.arrayContaining(["tiers", "ttl", "grace", "maxStaleness", "wrap", "isolation"]));
  expect(region).not.toEqual(expect.arrayContaining(["clock"]));
  expect(region).not.toEqual(expect.arrayContaining(["shouldCacheFn"]));
});

test("editors have a line for each option of a backend and of a region", () => {
  const { region, backend, bus } = published["$defs"];
  const known = [...backend["oneOf"].slice(0, -1), ...bus["anyOf"].slice(1, -1)];
  for (const { properties } of [region, published["properties"]["defaults"], ...known]) {
    const silent = Object.entries<{ readonly description?: string }>(properties).filter(
      ([, { description }]) => !description,
    );
    expect(silent.map(([name]) => name)).toEqual([]);
  }
});

/** What a schema of ours takes, by name. */
function namesIn(schema: unknown): readonly string[] {
  return Object.keys((schema as { readonly shape: object }).shape);
}

describe("what is known here is what is read there", () => {
  test("each option of a region", () => {
    let expected = "";
    try {
      resolveRegionOptions({ name: "a", nothingLikeIt: 1 } as never);
    } catch (error) {
      if (error instanceof ValidationError) expected = error.mistakes[0]?.expected ?? "";
    }
    const names = expected.replace("one of ", "").split(", ");
    expect(names).toContain("ttl");
    expect([...settingNames, "name", "ttl"].sort()).toEqual([...names, "maxStaleness"].sort());
  });

  test.each(Object.keys(backendSchemas))("each option of %s", async (use) => {
    const [specifier = "", member] = use.split("#");
    const module = (await import(specifier)) as {
      readonly backend: BackendDefinition;
      readonly backends: Readonly<Record<string, BackendDefinition>>;
    };
    const definition = member === undefined ? module.backend : module.backends[member];
    const own = namesIn(backendSchemas[use as keyof typeof backendSchemas]).filter((name) => !(name in remoteFields));
    // A budget is shared between backends, which plain data can't say.
    expect([...own].sort()).toEqual(definition?.options.filter((name) => name !== "budget").sort());
  });

  test("each bus and its options", async () => {
    const { bus } = (await import("@cascata/redis")) as { readonly bus: BusDefinition };
    const table = Object.entries({ ...buses, "@cascata/redis": bus });
    const known = Object.entries(busSchemas).map(([name, schema]) => [name, [...namesIn(schema)].sort()]);
    expect(Object.fromEntries(known)).toEqual(
      Object.fromEntries(table.map(([name, { options }]) => [name, [...options].sort()])),
    );
  });

  test("each proxy and its options", () => {
    const table = Object.entries(proxies).map(([name, { options }]) => [name, [...options].sort()]);
    const known = Object.entries(proxySchemas).map(([name, schema]) => [
      name,
      namesIn(schema)
        .map((option) => (option === "useKey" ? "use" : option))
        .sort(),
    ]);
    expect(Object.fromEntries(known)).toEqual(Object.fromEntries(table));
  });
});
