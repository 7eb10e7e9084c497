// The size budget: what a bundler makes of an entry, minified, without dependencies, compressed with brotli.

import { isAbsolute } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { publishedPackages } from "./lib/packages.mjs";
import { Failure, main } from "./lib/run.mjs";

/** In bytes after brotli, for the main entry of a package: what it weighs today and little more, so that growth is noticed. */
const limits = { "@cascata/core": 40_000, "@cascata/memory": 6_000 };

async function measure(file) {
  const bundle = await rolldown({
    input: file,
    // A bundler asks again with the resolved path: that is no dependency.
    external: (id) => !id.startsWith(".") && !isAbsolute(id) && id !== file,
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
  console.log("entry                                minified     gzip   brotli    limit");
  for (const { name, entries } of publishedPackages()) {
    for (const { path, specifier, file } of entries) {
      const { minified, gzip, brotli } = await measure(file);
      const limit = path === "." ? limits[name] : undefined;
      const columns = [minified, gzip, brotli, limit ?? ""].map((value) => String(value).padStart(8));
      console.log(`${specifier.padEnd(36)} ${columns.join(" ")}`);
      if (limit !== undefined && brotli > limit) over.push(`${specifier} is ${brotli} bytes, its limit is ${limit}`);
    }
  }
  if (over.length > 0) throw new Failure(over.join("\n"));
});
