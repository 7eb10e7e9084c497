// The size budget: what a bundler makes of an entry, minified, without dependencies, compressed with brotli.

import { isAbsolute, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { publishedPackages } from "./lib/packages.mjs";
import { Failure, main } from "./lib/run.mjs";

/** In bytes after brotli, for the main entry of a package, with all that it exports. docs/performance.md says why so much. */
const limits = { "@cascata/core": 46_500, "@cascata/memory": 6_000 };

/** What a bundler keeps of core for programs that use a part of it. */
const programs = [
  { name: "a program with a proxy of its own", exports: "ProxyBackend", limit: 3_500 },
  { name: "a program that stacks tiers", exports: "stack", limit: 11_750 },
  { name: "a program with a region", exports: "createRegion", limit: 41_700 },
];

/** @param names what is used of the file; all of it otherwise */
async function measure(file, names = "*") {
  const used = `export ${names === "*" ? names : `{ ${names} }`} from ${JSON.stringify(resolve(file))};`;
  const bundle = await rolldown({
    input: "program",
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === "program" ? id : null),
        load: (id) => (id === "program" ? used : null),
      },
    ],
    // A bundler asks again with the resolved path: that is no dependency.
    external: (id) => !id.startsWith(".") && !isAbsolute(id) && id !== "program",
    logLevel: "silent",
    treeshake: true,
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const code = Buffer.from(output.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join(""));
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length, brotli: brotliCompressSync(code).length };
}

await main(async () => {
  const over = [];
  const tell = (what, { minified, gzip, brotli }, limit) => {
    const columns = [minified, gzip, brotli, limit ?? ""].map((value) => String(value).padStart(8));
    console.log(`${what.padEnd(36)} ${columns.join(" ")}`);
    if (limit !== undefined && brotli > limit) over.push(`${what} is ${brotli} bytes, its limit is ${limit}`);
  };
  console.log("entry                                minified     gzip   brotli    limit");
  for (const { name, entries } of publishedPackages()) {
    for (const { path, specifier, file } of entries) {
      tell(specifier, await measure(file), path === "." ? limits[name] : undefined);
      if (specifier !== "@cascata/core") continue;
      for (const program of programs) tell(program.name, await measure(file, program.exports), program.limit);
    }
  }
  if (over.length > 0) throw new Failure(over.join("\n"));
});
