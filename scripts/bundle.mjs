// What a package publishes: each entry as one readable file under `bundle/`, since an import costs a program more for the
// number of its files than for their text (docs/performance.md). Run by `prepack`, in the package's folder, or for all.
import { copyFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { rolldown } from "rolldown";
import { publishedPackages } from "./lib/packages.mjs";
import { Failure, main, must } from "./lib/run.mjs";

/**
 * Dependencies of which a bundle holds a copy, with its licence beside it. What is CommonJS alone, as the first such module of
 * a program, takes as long to import as half of core does.
 */
const copied = ["eventemitter3"];
const isCopied = (id) => copied.some((name) => id === name || id.includes(`/node_modules/${name}/`));

/** Name of the entry's file, and its source. */
function entriesOf({ exports }) {
  const targets = Object.values(exports).filter((target) => typeof target === "object");
  return targets.map((target) => [/([^/]+)\.js$/.exec(target.default)[1], target["@cascata/source"]]);
}

async function bundle(folder, manifest) {
  await must("tsc", ["-b", folder], { capture: true });
  const target = join(folder, "bundle");
  rmSync(target, { recursive: true, force: true });
  const input = Object.fromEntries(entriesOf(manifest).map(([name, source]) => [name, join(folder, source)]));
  const build = await rolldown({
    input,
    // Other dependencies stay what they are.
    external: (id) => !id.startsWith(".") && !id.startsWith(folder) && !isCopied(id),
    transform: { target: "es2023" },
    logLevel: "warn",
    onLog: (level, log) => {
      if (level === "warn") throw new Failure(`${manifest.name}: ${log.message}`);
    },
  });
  const { output } = await build.write({
    dir: target,
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "[name].js",
    minifyInternalExports: false,
    sourcemap: true,
    // What is documented is in the declarations and in `src`, which are published too.
    comments: { legal: true, annotation: true, jsdoc: false },
  });
  await build.close();
  for (const name of copied.filter((dependency) => dependency in (manifest.dependencies ?? {}))) {
    const { resolve: find } = createRequire(join(folder, "package.json"));
    copyFileSync(join(dirname(find(`${name}/package.json`)), "LICENSE"), join(target, `${name}.LICENSE`));
  }
  return output.filter(({ type }) => type === "chunk").map(({ fileName, code }) => `${fileName} ${code.length}`);
}

await main(async () => {
  const all = publishedPackages();
  const here = all.filter(({ folder }) => folder === resolve(process.cwd()));
  for (const { folder, name, manifest } of here.length > 0 ? here : all)
    console.error(`${name}: ${(await bundle(folder, manifest)).join(", ")}`);
});
