import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

// Inside the package, so that its clients resolve from there as they do for the package itself.
const folder = fileURLToPath(new URL("../../../packages/redis/node_modules/.cache/", import.meta.url));
/** The servers' helpers know the test runner; a process that is no test has none. */
const noRunner = {
  name: "no-runner",
  resolveId: (id: string) => (id === "vitest" ? "\0vitest" : null),
  load: (id: string) => (id === "\0vitest" ? "export const describe = undefined, test = undefined;" : null),
};
const built = new Map<string, Promise<string>>();

/** Bundles a file of this folder from source, once a run; answers with what any supported Node can run. */
export function bundled(name: string): Promise<string> {
  const known = built.get(name);
  if (known !== undefined) return known;
  const file = `${folder}chaos-${name}-${process.pid}.mjs`;
  mkdirSync(folder, { recursive: true });
  const work = build({
    input: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    platform: "node",
    external: [/^node:/, /^@redis\//, /^@keyv\//, "keyv"],
    plugins: [noRunner],
    resolve: { conditionNames: ["@cascata/source", "node", "import"] },
    output: { file, format: "esm" },
    logLevel: "silent",
  }).then(() => file);
  built.set(name, work);
  return work;
}
