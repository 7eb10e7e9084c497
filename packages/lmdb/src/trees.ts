import type { Database, RootDatabaseOptionsWithPath } from "lmdb";

/** The trees of a file: what each maps, all keys and values bytes. */
export const treeNames = [
  /** entry key → record */
  "entries",
  /** slot and index → what a large record continues with */
  "pieces",
  /** slot → entry key: the oldest first */
  "ages",
  /** instant and slot → entry key: what expires next first */
  "expiries",
  /** entry key → lease */
  "leases",
  /** stripe → the order of its last change */
  "guards",
  /** order → notice */
  "notices",
  /** mode and name → mark */
  "marks",
  /** key → the mutex's owner */
  "locks",
] as const;

/** What the names of a file's trees begin with in LMDB. */
export const treePrefix = "tree-";

/** Keys and values as they are. */
export const plainBytes = { keyEncoding: "binary", encoding: "binary" } as const;

/** How LMDB opens a tier's file at `path`, and the trees in it: in earnest, and where {@link probeFile} tries it. */
export function fileOptions(path: string): RootDatabaseOptionsWithPath {
  // `overlappingSync` would flush each commit and hold the next one back until then.
  return { path, noSubdir: true, maxDbs: 16, maxReaders: 1024, overlappingSync: false, ...plainBytes };
}

export type Tree = Database<Buffer, Buffer>;
export type Trees = Readonly<Record<(typeof treeNames)[number], Tree>>;
