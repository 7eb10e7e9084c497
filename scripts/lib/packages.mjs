import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

/** The published packages: folder, manifest and entries (`.`, `./sub-path`) with their emitted file. */
export function publishedPackages() {
  return readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, "packages", entry.name))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({
      folder,
      manifest,
      name: manifest.name,
      entries: Object.entries(manifest.exports)
        .filter(([, target]) => typeof target === "object" && typeof target.default === "string")
        .map(([path, target]) => ({
          path,
          specifier: join(manifest.name, path).replaceAll("\\", "/"),
          file: join(folder, target.default),
        })),
    }));
}
