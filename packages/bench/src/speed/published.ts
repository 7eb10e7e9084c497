import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const packages = fileURLToPath(new URL("../../../", import.meta.url));

/** The packages as an application installs them: bundled, beside their dependencies. URLs of their main entries. */
export function published(names: readonly string[]): readonly string[] {
  const installed = join(mkdtempSync(join(tmpdir(), "cascata-bench-")), "node_modules");
  return names.map((name) => {
    const folder = join(packages, name);
    const target = join(installed, "@cascata", name);
    execFileSync(process.execPath, ["../../scripts/bundle.mjs"], { cwd: folder, stdio: "ignore" });
    cpSync(join(folder, "bundle"), join(target, "bundle"), { recursive: true });
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    writeFileSync(
      join(target, "package.json"),
      JSON.stringify({ ...manifest, ...manifest.publishConfig, scripts: undefined }),
    );
    for (const dependency of Object.keys(manifest.dependencies)) {
      if (dependency.startsWith("@cascata/")) continue;
      mkdirSync(installed, { recursive: true });
      symlinkSync(realpathSync(join(folder, "node_modules", dependency)), join(installed, dependency));
    }
    return pathToFileURL(join(target, "bundle", "index.js")).href;
  });
}

/** A file of what one of our packages depends on, as a URL. */
export function dependencyOf(name: string, file: string): string {
  return pathToFileURL(realpathSync(join(packages, name, "node_modules", file))).href;
}
