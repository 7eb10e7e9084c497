import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** How a module is imported by name: `import()` as the application itself would write it. */
export type LoadModule = (specifier: string) => Promise<unknown>;

/** A module that isn't there. */
export class ModuleMissing extends Error {
  readonly missing: string;
  /** The folder that it was looked for from, if that isn't there either. */
  readonly nowhere: string | undefined;

  constructor(missing: string, cause: unknown, nowhere?: string) {
    super(`cannot find ${missing}`, { cause });
    this.name = "ModuleMissing";
    this.missing = missing;
    this.nowhere = nowhere;
  }
}

/**
 * Imports modules as the application at `from` would: packages are looked for in its `node_modules`, files relative to it.
 * @param from `import.meta.url` of a file of the application, or the path of a file or folder; the working directory by default
 */
export function loaderFor(from: string | undefined): LoadModule {
  const base = baseOf(from ?? process.cwd());
  return async (specifier) => {
    const url = locate(specifier, base);
    try {
      return await import(url);
    } catch (error) {
      const missing = missingIn(error);
      throw missing === undefined ? error : new ModuleMissing(missing, error);
    }
  };
}

/** A file, there or not, in the folder that modules are looked for from. */
function baseOf(from: string): string {
  const path = from.startsWith("file:") ? fileURLToPath(from) : resolve(from);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, "application.js") : path;
}

function locate(specifier: string, base: string): string {
  if (specifier.startsWith("file:")) return specifier;
  if (isAbsolute(specifier)) return pathToFileURL(specifier).href;
  if (/^\.\.?\//.test(specifier)) {
    const url = new URL(specifier, pathToFileURL(base));
    if (!existsSync(url)) throw new ModuleMissing(specifier, undefined, nowhere(base));
    return url.href;
  }
  const require = createRequire(base);
  try {
    return pathToFileURL(require.resolve(specifier)).href;
  } catch (error) {
    const entry = importEntry(specifier, require.resolve.paths(specifier) ?? []);
    if (entry === undefined) throw new ModuleMissing(specifier, error, nowhere(base));
    return entry;
  }
}

function nowhere(base: string): string | undefined {
  const folder = dirname(base);
  return existsSync(folder) ? undefined : folder;
}

/** A package whose `exports` know only `import`: `require.resolve` can't see it, and Node's own resolver takes no base. */
function importEntry(specifier: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    const manifest = join(folder, specifier, "package.json");
    if (!existsSync(manifest)) continue;
    const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as { exports?: Readonly<Record<string, unknown>> };
    const entry = targetOf(exports?.["."] ?? exports);
    if (entry !== undefined) return pathToFileURL(join(folder, specifier, entry)).href;
  }
  return undefined;
}

function targetOf(exported: unknown): string | undefined {
  if (typeof exported === "string") return exported;
  if (typeof exported !== "object" || exported === null) return undefined;
  for (const [condition, target] of Object.entries(exported)) {
    const known = condition === "import" || condition === "node" || condition === "default";
    const found = known ? targetOf(target) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The package or file that an import could not find: itself, or one that it imports. */
function missingIn(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") return undefined;
  return /Cannot find (?:package|module) '([^']+)'/.exec(String(message))?.[1] ?? "a module";
}
