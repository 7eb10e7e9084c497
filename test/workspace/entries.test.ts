import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { publishedPackages, root } from "./packages.ts";

interface Imported {
  /** Whether the specifier led to the emitted file of the manifest. */
  readonly emitted?: boolean;
  readonly names?: readonly string[];
  readonly error?: string;
}

const packages = publishedPackages();

/** Imports every entry as an application would, without our source condition: what Node finds is what the build emitted. */
function importAll(): Readonly<Record<string, Imported>> {
  const entries = packages.flatMap((each) => each.entries);
  const targets = entries.map(({ specifier, file }) => [specifier, pathToFileURL(file).href]);
  const script = `
    const found = {};
    for (const [specifier, file] of ${JSON.stringify(targets)}) {
      try {
        const module = await import(specifier);
        found[specifier] = { emitted: module === (await import(file)), names: Object.keys(module).sort() };
      } catch (error) {
        found[specifier] = { error: String(error) };
      }
    }
    process.stdout.write(JSON.stringify(found));`;
  const args = ["--input-type=module", "--eval", script];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }));
}

const imported = importAll();

describe.each(packages)("$name", ({ name, manifest, folder, entries }) => {
  test("has a main entry and gives away its manifest", () => {
    expect(Object.keys(manifest.exports)).toEqual(expect.arrayContaining([".", "./package.json"]));
  });

  test.each(entries)("$specifier imports, and exports exactly what is listed", async ({ specifier }) => {
    expect(imported[specifier]).toEqual({ emitted: true, names: expect.any(Array) });
    const list = join(import.meta.dirname, "exports", `${specifier.replace("@cascata/", "").replaceAll("/", "-")}.txt`);
    await expect(`${imported[specifier]?.names?.join("\n")}\n`).toMatchFileSnapshot(list);
  });

  test.each(entries)("$specifier names its source first, then types, then the emitted file", ({ specifier }) => {
    const target = manifest.exports[`.${specifier.slice(name.length)}`] ?? {};
    expect(Object.keys(target)).toEqual(["@cascata/source", "types", "default"]);
    expect(Object.values(target).filter((file) => !existsSync(join(folder, file)))).toEqual([]);
  });

  test("publishes the same entries, each from its bundle", () => {
    const expected = JSON.parse(
      JSON.stringify(manifest.exports).replaceAll(/"default":"\.\/dist\//g, '"default":"./bundle/'),
    );
    expect(manifest.publishConfig.exports).toEqual(expected);
  });
});
