import type { BackendDefinition } from "@cascata/core";
import { KeyvBackend } from "./keyv-backend.ts";
import { type KeyvBackendOptions, keyvOptionNames, resolveKeyvOptions } from "./keyv-options.ts";

/** What `use: "@cascata/keyv"` means in configuration; its `store` is a Keyv, an adapter or a `Map`. */
export const backend: BackendDefinition = {
  options: keyvOptionNames,
  check: (options) => void resolveKeyvOptions(options as unknown as KeyvBackendOptions),
  create: (options) => new KeyvBackend(options as unknown as KeyvBackendOptions),
};
