// Writes packages/config/schema.json from what createCaches checks with. Needs a build.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { jsonSchema } = await import("../packages/config/dist/json-schema.js");
const file = fileURLToPath(new URL("../packages/config/schema.json", import.meta.url));
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
const formatted = spawnSync("npx", ["biome", "format", "--write", file], { stdio: "inherit" });
process.exitCode = formatted.status ?? 1;
