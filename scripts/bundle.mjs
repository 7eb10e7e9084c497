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

/** The first entry as one file, and the others beside it, which import from there what they share with it. */
async function bundle(folder, manifest) {
  await must("tsc", ["-b", folder], { capture: true });
  const target = join(folder, "bundle");
  rmSync(target, { recursive: true, force: true });
  const [first, ...others] = entriesOf(manifest);
  const shared = new Set();
  const written = await write(manifest, folder, [first], shared);
  for (const id of written.flatMap(({ moduleIds }) => moduleIds)) shared.add(id);
  if (others.length > 0) written.push(...(await write(manifest, folder, others, shared)));
  for (const name of copied.filter((dependency) => dependency in (manifest.dependencies ?? {}))) {
    const { resolve: find } = createRequire(join(folder, "package.json"));
    copyFileSync(join(dirname(find(`${name}/package.json`)), "LICENSE"), join(target, `${name}.LICENSE`));
  }
  return written.map(({ fileName, code }) => `${fileName} ${code.length}`);
}

/** @param shared modules that the first entry's file holds */
async function write({ name }, folder, entries, shared) {
  const build = await rolldown({
    input: Object.fromEntries(entries.map(([entry, source]) => [entry, join(folder, source)])),
    // Other dependencies stay what they are.
    external: (id) => !id.startsWith(".") && !id.startsWith(folder) && !isCopied(id),
    plugins: [
      {
        name: "shared",
        resolveId: (id, importer) =>
          id.startsWith(".") && importer !== undefined && shared.has(resolve(dirname(importer), id))
            ? { id: "./index.js", external: true }
            : null,
      },
    ],
    transform: { target: "es2023" },
    logLevel: "warn",
    onLog: (level, log) => {
      if (level === "warn") throw new Failure(`${name}: ${log.message}`);
    },
  });
  const { output } = await build.write({
    dir: join(folder, "bundle"),
    format: "esm",
    entryFileNames: "[name].js",
    sourcemap: true,
    // What is documented is in the declarations and in `src`, which are published too.
    comments: { legal: true, annotation: true, jsdoc: false },
  });
  await build.close();
  return output.filter(({ type }) => type === "chunk");
}

await main(async () => {
  const all = publishedPackages();
  const here = all.filter(({ folder }) => folder === resolve(process.cwd()));
  for (const { folder, name, manifest } of here.length > 0 ? here : all)
    console.error(`${name}: ${(await bundle(folder, manifest)).join(", ")}`);
});
