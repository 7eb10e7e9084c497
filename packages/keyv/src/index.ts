export { backend } from "./definition.ts";
export { KeyvBackend } from "./keyv-backend.ts";
export type { KeyvLike, KeyvStorage, StorageEntry } from "./keyv-like.ts";
export type { KeyvBackendOptions } from "./keyv-options.ts";
export { asKeyvStore, KeyvStore, type KeyvStoreEntry, type KeyvStoreOptions, type RegionLike } from "./keyv-store.ts";
