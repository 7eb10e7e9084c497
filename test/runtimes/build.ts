import { join } from "node:path";
import { rolldown } from "rolldown";

const here = import.meta.dirname;
const entry = "main.js";
const suite = "suite.test.js";

/**
 * Emits the program into `folder/program`; it imports the packages by name, as an application there does.
 * @returns its main file, and a file for the runtime's own test runner
 */
export async function buildProgram(folder: string): Promise<{ main: string; suite: string }> {
  const bundle = await rolldown({
    input: { main: join(here, "program", "main.ts"), "suite.test": join(here, "program", "suite.ts") },
    platform: "neutral",
    resolve: { alias: { vitest: join(here, "program", "runner.ts") } },
    external: /^(@cascata|node:)/,
  });
  await bundle.write({ dir: join(folder, "program"), format: "esm", entryFileNames: "[name].js" });
  await bundle.close();
  return { main: join(folder, "program", entry), suite: join(folder, "program", suite) };
}

/**
 * Bundles the emitted program with everything that it imports into `folder/browser`, as a web application does. What the
 * kits use of Node is stood in for; the packages get no stand-in for anything.
 */
export async function bundleForBrowsers(folder: string, program: string): Promise<string> {
  const alias = {
    "node:assert/strict": join(here, "browser", "assert.ts"),
    "node:buffer": join(here, "browser", "buffer.ts"),
  };
  const bundle = await rolldown({ input: program, platform: "browser", resolve: { alias } });
  await bundle.write({ dir: join(folder, "browser"), format: "esm", entryFileNames: entry });
  await bundle.close();
  return join(folder, "browser", entry);
}
