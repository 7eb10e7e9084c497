import type { BackendDefinition } from "@cascata/core";
import { MemoryBackend } from "./memory-backend.ts";
import { type MemoryBackendOptions, memoryOptionNames, resolveMemoryOptions } from "./memory-options.ts";
import { NullBackend } from "./null-backend.ts";
import { SerializingMemoryBackend } from "./serializing-memory-backend.ts";

/** What `use: "@cascata/memory"` means in configuration. */
export const backend: BackendDefinition = {
  options: memoryOptionNames,
  check: (options) => void resolveMemoryOptions(options as unknown as MemoryBackendOptions),
  create: (options) => new MemoryBackend(options as unknown as MemoryBackendOptions),
};

/** What `use: "@cascata/memory#null"` and `use: "@cascata/memory#serializing"` mean. */
export const backends: Readonly<Record<string, BackendDefinition>> = {
  null: { options: ["name"], create: (options) => new NullBackend(options) },
  serializing: {
    options: [...memoryOptionNames, "serializer"],
    check: ({ serializer: _serializer, ...own }) => void resolveMemoryOptions(own as unknown as MemoryBackendOptions),
    create: (options) => new SerializingMemoryBackend(options as unknown as MemoryBackendOptions),
  },
};
