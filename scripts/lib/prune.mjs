import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/**
 * Removes emitted files whose source is gone: the compiler leaves them, and they would be packed, imported and judged as
 * if they were still part of the package.
 */
export function pruneEmitted() {
  const packages = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  const pairs = packages.map((folder) => [join(folder, "dist"), join(folder, "src")]);
  pairs.push([join(root, "examples", "dist"), join(root, "examples")]);
  for (const [dist, source] of pairs) {
    if (!existsSync(dist)) continue;
    for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
      const emitted = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file);
      if (emitted === null || existsSync(join(source, `${emitted[1]}.ts`))) continue;
      rmSync(join(dist, file));
    }
  }
}
