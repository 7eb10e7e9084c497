import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { relative } from "node:path";
import { parseAst } from "vite";
import { describe, expect, test } from "vitest";
import { filesUnder, publishedPackages, root } from "./packages.ts";

/** What a package may import of the others. Everything points to core; a driver never imports a driver. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "@cascata/core": [],
  "@cascata/memory": ["@cascata/core"],
  "@cascata/keyv": ["@cascata/core"],
  // Not a driver beside the Keyv one: it is a Keyv adapter and more.
  "@cascata/redis": ["@cascata/core", "@cascata/keyv"],
  "@cascata/sha": ["@cascata/core"],
  "@cascata/msgpack": ["@cascata/core"],
  "@cascata/lmdb": ["@cascata/core"],
  "@cascata/proxies": ["@cascata/core"],
  "@cascata/testing": ["@cascata/core"],
  "@cascata/config": ["@cascata/core"],
};

/** Packages that run where there is no Node. */
const withoutNode: ReadonlySet<string> = new Set(["@cascata/core", "@cascata/memory"]);

const builtins: ReadonlySet<string> = new Set(builtinModules);

/** Every literal specifier that a module imports, exports from, or imports at run time. */
function specifiersOf(code: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { source } = node as { source?: unknown };
    if (typeof source === "object" && source !== null && "value" in source && typeof source.value === "string") {
      found.push(source.value);
    }
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseAst(code).body);
  return found;
}

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

test("the reader of imports sees every form", () => {
  const code = `import a from "a"; import "b"; export * from "c"; export { d } from "d"; const e = () => import("e");`;
  expect(specifiersOf(code)).toEqual(["a", "b", "c", "d", "e"]);
});

describe.each(publishedPackages())("$name", ({ name, folder, manifest }) => {
  const declared = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ]);
  const imports = filesUnder(`${folder}/dist`, ".js").flatMap((file) =>
    specifiersOf(readFileSync(file, "utf8")).map((specifier) => ({ specifier, file: relative(root, file) })),
  );
  const bare = imports.filter(({ specifier }) => !specifier.startsWith("."));

  test("emitted files import each other by their emitted names, inside the package", () => {
    const bad = imports.filter(({ specifier }) => specifier.startsWith(".") && !/^\.{1,2}\/.*\.js$/.test(specifier));
    expect(bad).toEqual([]);
    expect(filesUnder(`${folder}/dist`, ".js").length).toBeGreaterThan(0);
  });

  test("a built-in is imported with node:, and only where there is a Node", () => {
    expect(bare.filter(({ specifier }) => builtins.has(specifier))).toEqual([]);
    if (withoutNode.has(name)) expect(bare.filter(({ specifier }) => specifier.startsWith("node:"))).toEqual([]);
  });

  test("every bare import is a declared dependency or a peer", () => {
    const foreign = bare.filter(({ specifier }) => !specifier.startsWith("node:"));
    expect(foreign.filter(({ specifier }) => !declared.has(packageOf(specifier)))).toEqual([]);
  });

  test("imports and depends on no package of ours but those it may", () => {
    const allowed = mayImport[name];
    expect(allowed, `${name} needs a line in this test: what may it import?`).toBeDefined();
    const ours = [...bare.map(({ specifier }) => packageOf(specifier)), ...declared].filter((other) =>
      other.startsWith("@cascata/"),
    );
    expect(ours.filter((other) => !allowed?.includes(other))).toEqual([]);
  });
});
