import { resolve } from "node:path";
import type { BackendDefinition } from "@cascata/core";
import { LmdbBackend } from "./lmdb-backend.ts";
import { type LmdbBackendOptions, lmdbOptionNames, resolveLmdbOptions } from "./options.ts";

/** What `use: "@cascata/lmdb"` means in configuration. Two of them on one file would be one store. */
export const backend: BackendDefinition = {
  options: lmdbOptionNames,
  check: (options) => void resolveLmdbOptions(options as unknown as LmdbBackendOptions),
  create: (options) => new LmdbBackend(options as unknown as LmdbBackendOptions),
  identity: ({ path }) => (typeof path === "string" ? resolve(path) : undefined),
};
