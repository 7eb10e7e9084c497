import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { publishedPackages, root } from "../workspace/packages.ts";
import { blocksOf, pages, regionsOf, snippets } from "./snippets.ts";

const known = snippets();

describe("code on the pages is code that runs", () => {
  test("the reader of pages sees blocks, languages and lines", () => {
    const page = "a\n```ts\none\ntwo\n```\n```sh\nls\n```\n```json\n{}\n```\n";
    expect(blocksOf("p.md", page, ["ts", "json"])).toEqual([
      { page: "p.md", line: 2, language: "ts", text: "one\ntwo" },
      { page: "p.md", line: 9, language: "json", text: "{}" },
    ]);
  });

  test("the reader of examples sees marked regions without their indentation", () => {
    const text = "x\n  // #region it\n  a {\n    b\n  }\n  // #endregion\ny\n";
    expect(regionsOf(text)).toEqual(new Map([["it", "a {\n  b\n}"]]));
  });

  test.each(pages())("each block of %s is a file or a marked region under examples/", (page) => {
    const text = readFileSync(join(root, page), "utf8");
    const strangers = blocksOf(page, text, ["ts", "js", "json", "typescript", "javascript"]).filter(
      (block) => !known.has(block.text.trimEnd()),
    );
    expect(strangers.map(({ line, text: shown }) => `line ${line}: ${shown.split("\n", 1)[0]}`)).toEqual([]);
  });

  test.each(pages())("each link of %s to a file leads somewhere", (page) => {
    const text = readFileSync(join(root, page), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  test("the front page lists every package", () => {
    const text = readFileSync(join(root, "README.md"), "utf8");
    const names = publishedPackages().map(({ name }) => name);
    expect(names.filter((name) => !text.includes(`[\`${name}\`](packages/${name.split("/")[1]})`))).toEqual([]);
  });

  test("the front page shows code at all", () => {
    const text = readFileSync(join(root, "README.md"), "utf8");
    expect(blocksOf("README.md", text, ["ts"]).length).toBeGreaterThan(0);
  });
});
