import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loaderFor, ModuleMissing } from "../../packages/config/src/application.ts";

let folder = "";

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function install(name: string, exports: unknown, main: string, code: string): void {
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", type: "module", exports }));
  write(`node_modules/${name}/${main}`, code);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "cascata-application-"));
  install("plain", "./index.js", "index.js", "export const name = 'plain';");
  install("@some/scoped", { ".": { default: "./index.js" } }, "index.js", "export const name = 'scoped';");
  install("modern", { ".": { import: { node: "./a.js" } } }, "a.js", "export const name = 'modern';");
  install("needy", "./index.js", "index.js", "import 'absent'; export const name = 'needy';");
  install("broken", "./index.js", "index.js", "throw new Error('out of order');");
  write("src/main.js", "");
  write("src/own.mjs", "export const name = 'own';");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("modules are looked for where the application would", () => {
  test.each(["plain", "@some/scoped", "modern"])("the package %s", async (specifier) => {
    const found = await loaderFor(pathToFileURL(join(folder, "src/main.js")).href)(specifier);
    expect(found).toMatchObject({ name: specifier.replace("@some/", "") });
  });

  test("from a file's URL, a file's path or a folder", async () => {
    const file = join(folder, "src", "main.js");
    for (const from of [pathToFileURL(file).href, file, join(folder, "src")]) {
      expect(await loaderFor(from)("./own.mjs")).toMatchObject({ name: "own" });
    }
    expect(await loaderFor(folder)("./src/own.mjs")).toMatchObject({ name: "own" });
    expect(await loaderFor(folder)("plain")).toMatchObject({ name: "plain" });
  });

  test("by an absolute path or a URL", async () => {
    const file = join(folder, "src", "own.mjs");
    expect(await loaderFor(undefined)(file)).toMatchObject({ name: "own" });
    expect(await loaderFor(undefined)(pathToFileURL(file).href)).toMatchObject({ name: "own" });
  });

  test("the working directory by default", async () => {
    expect(await loaderFor(undefined)("fast-check")).toHaveProperty("assert");
    await expect(loaderFor(undefined)("plain")).rejects.toThrow(ModuleMissing);
  });
});

describe("what can't be imported", () => {
  test.each([
    ["absent", "absent"],
    ["./absent.mjs", "./absent.mjs"],
    ["needy", "absent"],
  ])("%s tells that %s is missing", async (specifier, missing) => {
    const failure = await loaderFor(folder)(specifier).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ModuleMissing);
    expect((failure as ModuleMissing).missing).toBe(missing);
  });

  test("a module that fails, fails as it does", async () => {
    await expect(loaderFor(folder)("broken")).rejects.toThrow("out of order");
  });
});
