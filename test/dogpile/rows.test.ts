import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

/** The rows of behaviours that dogpile.cache's own tests assert, by number; its defects are P1 to P23. */
const rows = `1-21 23-25 27-35 37-44 46-56 58 60-63 65-75 77 79-94 96 98-102 104-107 110 113-120 122-125 127 129 130 132 133
  136-148`;

/** Rows without an equivalent, and why. */
const without: Readonly<Record<number, string>> = {
  24: "events carry the keys themselves, whole: nothing is elided",
  94: "no client is kept by thread: there are none",
  138: "there are no named arguments: an object is one argument",
  141: "there are no named arguments",
  148: "no template engine's plug-in",
};

const spans = (text: string) =>
  text.split(/\s+/).flatMap((span) => {
    const [from, to = from] = span.split("-").map(Number);
    return Array.from({ length: (to as number) - (from as number) + 1 }, (_, index) => (from as number) + index);
  });

const here = import.meta.dirname;
const integration = join(here, "..", "integration");
const tests = [
  ...readdirSync(here).map((name) => join(here, name)),
  ...readdirSync(integration)
    .filter((name) => name.startsWith("dogpile-"))
    .map((name) => join(integration, name)),
]
  .filter((file) => file.endsWith(".ts") && !file.endsWith("rows.test.ts"))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

it("every row has a test of its number, or a reason to have none", () => {
  const named = new Set(
    [...tests.matchAll(/\brows? (\d+)(?: and (\d+))?/g)].flatMap(([, one, other]) => [Number(one), Number(other)]),
  );
  // Written with the number as a variable.
  for (const row of [40, 41, 42, 43]) if (tests.includes(`[${row}, `)) named.add(row);
  for (const row of [44, 60]) if (tests.includes(`${row}: "`)) named.add(row);
  if (tests.includes("(row 99)")) named.add(99);
  const all = spans(rows);
  const missing = all.filter((row) => !named.has(row) && without[row] === undefined);
  expect(missing).toEqual([]);
  expect(Object.keys(without).filter((row) => named.has(Number(row)))).toEqual([]);
});

it("every defect has a test of its number", () => {
  const missing = Array.from({ length: 23 }, (_, index) => `P${index + 1}:`).filter((name) => !tests.includes(name));
  expect(missing).toEqual([]);
});
