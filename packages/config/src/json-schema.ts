import { z } from "zod";
import { backendSchemas } from "./backend-schemas.ts";
import { busSchemas } from "./bus-schemas.ts";
import { descriptions } from "./descriptions.ts";
import { storeSchema } from "./keyv-store.ts";
import { proxySchemas } from "./proxy-schemas.ts";
import { defaultsSchema, regionSchema } from "./region-schema.ts";
import { jsonFormOf, jsonForms } from "./schema-parts.ts";

type Json = Record<string, unknown>;

/** Backends of the application or of somebody else, whose options this schema can't know. */
const foreignBackend = { type: "string", pattern: "^(?!@cascata/)" };
const foreignProxy = { type: "string", pattern: "^(\\.\\.?/|/|file:|npm:)" };
const wrapList = { type: "array", items: { $ref: "#/$defs/proxy" } };

/** The JSON Schema of a configuration, made from what `createCaches` itself checks with. */
export function jsonSchema(): Json {
  const region = jsonOf(regionSchema);
  const defaults = jsonOf(defaultsSchema);
  for (const schema of [region, defaults]) propertiesOf(schema)["wrap"] = { $ref: "#/$defs/wrap" };
  Object.assign(propertiesOf(region)["tiers"] as Json, { minItems: 1, uniqueItems: true });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Cascata",
    description: "Backends, regions over them, and what regions have in common.",
    type: "object",
    properties: {
      $schema: { type: "string" },
      backends: { ...byName("#/$defs/backend"), description: "Where values are kept, by name." },
      regions: {
        ...byName("#/$defs/region"),
        description: "What is cached, by name: its tiers, nearest first, and for how long.",
      },
      defaults: { ...described(defaults), description: "What a region does that says nothing else." },
    },
    required: ["backends", "regions"],
    additionalProperties: false,
    $defs: {
      duration: jsonForms.duration,
      size: jsonForms.size,
      backend: {
        oneOf: [...Object.entries(backendSchemas).map(([use, schema]) => backendJson(use, schema)), foreign(true)],
      },
      region: described(region),
      wrap: { ...wrapList, description: "Proxies, outermost first." },
      bus: {
        description: "What changes travel on. All who use the store have to be on one and the same.",
        anyOf: [
          { enum: Object.keys(busSchemas) },
          ...Object.entries(busSchemas).map(([use, schema]) => described(named(use, schema))),
          foreign(false),
        ],
      },
      proxy: {
        anyOf: [
          { enum: bareProxies() },
          ...Object.entries(proxySchemas).map(([use, schema]) => named(use, schema)),
          foreign(false),
        ],
      },
    },
  };
}

function byName(ref: string): Json {
  return {
    type: "object",
    propertyNames: { pattern: "^[A-Za-z0-9_.-]{1,100}$" },
    additionalProperties: { $ref: ref },
  };
}

/** An option that only a program can give has no place in plain data. */
function jsonOf(schema: z.ZodType): Json {
  const json = z.toJSONSchema(schema, {
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      const leaf = jsonFormOf(zodSchema);
      if (leaf !== undefined) Object.assign(jsonSchema, leaf.form ?? { $comment: onlyCode });
    },
  }) as Json;
  delete json["$schema"];
  const properties = propertiesOf(json);
  for (const [name, property] of Object.entries(properties)) {
    if ((property as Json)["$comment"] === onlyCode) delete properties[name];
  }
  return json;
}

const onlyCode = "only in code";

function named(use: string, schema: z.ZodType): Json {
  const json = jsonOf(schema);
  json["properties"] = { use: { const: use }, ...propertiesOf(json) };
  json["required"] = ["use", ...((json["required"] as string[] | undefined) ?? [])];
  return json;
}

function backendJson(use: string, schema: z.ZodType): Json {
  const json = named(use, schema);
  const properties = propertiesOf(json);
  properties["wrap"] = { $ref: "#/$defs/wrap" };
  if (properties["store"] !== undefined) properties["store"] = jsonOf(storeSchema);
  if (properties["maxEntries"] !== undefined) json["anyOf"] = [{ required: ["maxEntries"] }, { required: ["maxSize"] }];
  return described(json);
}

/** With a line for editors beside each property. */
function described(json: Json): Json {
  const properties = Object.entries(propertiesOf(json)).map(([name, property]) => [
    name,
    { ...(property as Json), description: descriptions[name] },
  ]);
  return { ...json, properties: Object.fromEntries(properties) };
}

function foreign(wraps: boolean): Json {
  const properties = wraps ? { use: foreignBackend, wrap: { $ref: "#/$defs/wrap" } } : { use: foreignProxy };
  return { type: "object", properties, required: ["use"] };
}

function bareProxies(): readonly string[] {
  return Object.entries(proxySchemas)
    .filter(([, schema]) => schema.safeParse({}).success)
    .map(([name]) => name);
}

function propertiesOf(json: Json): Json {
  return (json["properties"] ?? {}) as Json;
}
