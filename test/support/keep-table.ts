import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** One row of figures by column; every row of a table has the same columns. */
export type TableRow = Readonly<Record<string, string | number>>;

/**
 * Prints a table of figures as Markdown. In `npm run proof`, which names a folder in `CASCATA_PROOF_FOLDER`, the table is
 * kept there as `<name>.md` as well.
 */
export function keepTable(name: string, title: string, rows: readonly TableRow[]): void {
  const table = markdownTable(rows);
  console.log(`${title}\n${table}`);
  const folder = process.env["CASCATA_PROOF_FOLDER"];
  if (folder !== undefined) writeFileSync(join(folder, `${name}.md`), `# ${title}\n\n${table}\n`);
}

/** @throws Error when a row's columns differ from the first row's. */
export function markdownTable(rows: readonly TableRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const body = rows.map((row) => {
    if (Object.keys(row).join("\n") !== columns.join("\n"))
      throw new Error(`a row lacks or adds columns: ${Object.keys(row)}`);
    return line(columns.map((column) => String(row[column]).replaceAll("|", "\\|")));
  });
  return [line(columns), line(columns.map(() => "---")), ...body].join("\n");
}
