import { expect, test } from "vitest";
import { markdownTable } from "./keep-table.ts";

test("a table has one line a row, in the order of the first row's columns", () => {
  const rows = [
    { fault: "pause | resume", violations: 0 },
    { fault: "kill", violations: 2 },
  ];
  expect(markdownTable(rows)).toBe(
    ["| fault | violations |", "| --- | --- |", "| pause \\| resume | 0 |", "| kill | 2 |"].join("\n"),
  );
});

test("a row with other columns is refused", () => {
  expect(() => markdownTable([{ a: 1 }, { b: 1 }])).toThrow("lacks or adds columns");
});
