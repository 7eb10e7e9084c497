import type { Database } from "lmdb";

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

export type Tree = Database<Buffer, Buffer>;
export type Trees = Readonly<Record<(typeof treeNames)[number], Tree>>;
