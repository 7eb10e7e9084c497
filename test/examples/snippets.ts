import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspace/packages.ts";

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The pages whose code must be code that runs. */
export function pages(): readonly string[] {
  const ofPackages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`);
  return [
    "README.md",
    "docs/architecture.md",
    "docs/coming-from-dogpile.md",
    "docs/development.md",
    "examples/README.md",
    ...ofPackages.filter((page) => page !== "packages/bench/README.md"),
  ];
}

/** The fenced blocks of a page, in these languages. */
export function blocksOf(page: string, text: string, languages: readonly string[]): readonly Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    const fence = /^```(\w*)/.exec(line);
    if (open === undefined && fence !== null) open = { language: fence[1] ?? "", line: index + 1, lines: [] };
    else if (open !== undefined && fence !== null) {
      blocks.push({ page, line: open.line, language: open.language, text: open.lines.join("\n") });
      open = undefined;
    } else open?.lines.push(line);
  }
  return blocks.filter(({ language }) => languages.includes(language));
}

/** What a block may show: each file under `examples/`, whole or one of its marked regions. Text to where it is from. */
export function snippets(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const folder = join(root, "examples");
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/node_modules|dist|^\.cache/.test(file) || !/\.(ts|json)$/.test(file)) continue;
    const text = readFileSync(join(folder, file), "utf8");
    found.set(withoutMarks(text).trimEnd(), file);
    for (const [name, region] of regionsOf(text)) found.set(region, `${file}, ${name}`);
  }
  return found;
}

/** The regions of a file, `// #region name` to `// #endregion`, with their common indentation taken off. */
export function regionsOf(text: string): ReadonlyMap<string, string> {
  const regions = new Map<string, string>();
  for (const [, name = "", body = ""] of text.matchAll(/^ *\/\/ #region (\S+)\n(.*?)^ *\/\/ #endregion/gms)) {
    const lines = body.trimEnd().split("\n");
    const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
    const indent = Math.min(...indents);
    regions.set(name, lines.map((line) => line.slice(indent)).join("\n"));
  }
  return regions;
}

function withoutMarks(text: string): string {
  return text.replace(/^ *\/\/ #(?:region \S+|endregion)\n/gm, "");
}
