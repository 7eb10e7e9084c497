import { mkdir, writeFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import process from "node:process";

const folder = new URL("../../results/", import.meta.url);

/** What a part has found: a table for people, and the figures that it is made of. */
export interface Part {
  readonly name: string;
  readonly title: string;
  readonly table: string;
  readonly figures: unknown;
}

/** Prints a part, and keeps it beside the others where that is asked for. */
export async function keep({ name, title, table, figures }: Part, isKept: boolean): Promise<void> {
  console.log(`\n## ${title}\n\n${table}`);
  if (!isKept) return;
  await mkdir(folder, { recursive: true });
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, ${arch()}`;
  const about = { node: process.version, machine, command: `npm run bench -- --parts ${name} --json` };
  await writeFile(new URL(`${name}.json`, folder), `${JSON.stringify({ ...about, figures }, rounded)}\n`);
  const head = `# ${title}\n\n\`${about.command}\`, Node ${about.node}, ${machine}.\n`;
  await writeFile(new URL(`${name}.md`, folder), `${head}\n${table}\n`);
}

/** Four digits are more than any of them is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Number(value.toPrecision(4)) : value;
}
