export { backend } from "./definition.ts";
export { LmdbBackend } from "./lmdb-backend.ts";
export { type DamagePolicy, damagePolicies, type LmdbBackendOptions } from "./options.ts";
