import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly publishConfig: { readonly exports?: Manifest["exports"] };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface Entry {
  /** As an application imports it. */
  readonly specifier: string;
  /** What that gives it, emitted by the build. */
  readonly file: string;
}

export interface PublishedPackage {
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
  readonly entries: readonly Entry[];
}

/** Every package that is not private. */
export function publishedPackages(): readonly PublishedPackage[] {
  return readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .map((item) => join(root, "packages", item.name))
    .map((folder) => {
      const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return { name: manifest.name, folder, manifest, entries: entriesOf(folder, manifest) };
    })
    .filter(({ manifest }) => manifest.private !== true);
}

function entriesOf(folder: string, manifest: Manifest): readonly Entry[] {
  return Object.entries(manifest.exports).flatMap(([path, target]) => {
    if (typeof target === "string" || target["default"] === undefined) return [];
    return [{ specifier: manifest.name + path.slice(1), file: join(folder, target["default"]) }];
  });
}

/** Every file under `folder` with this ending. */
export function filesUnder(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}
