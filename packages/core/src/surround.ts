import type { Awaitable } from "./awaitable.ts";
import type { GuardTable, LeaseTable, MarkTable } from "./capabilities.ts";

/** What a proxy is asked to go around. */
export const operations = [
  "get",
  "getMulti",
  "set",
  "setMulti",
  "delete",
  "deleteMulti",
  "revisions",
  "clear",
  "leases.renew",
  "leases.release",
  "guards.tickets",
  "marks.put",
  "marks.lookup",
] as const;
export type Operation = (typeof operations)[number];

/** Makes the call; `deadline` replaces the one that the wrapped backend would see. Leases, guards, marks and `clear` carry none. */
export type Run<T> = (deadline?: number) => Awaitable<T>;

/** `ProxyBackend.around`, bound to its proxy. */
export type Surround = <T>(operation: Operation, run: Run<T>, keys: readonly string[]) => Awaitable<T>;

/** A lease table whose calls go through the proxy. */
export function surroundedLeases(leases: LeaseTable, around: Surround): LeaseTable {
  return {
    renew: (keys, token, ms) => around("leases.renew", () => leases.renew(keys, token, ms), keys),
    release: (keys, token, failure) => around("leases.release", () => leases.release(keys, token, failure), keys),
  };
}

/** A guard table whose calls go through the proxy. */
export function surroundedGuards(guards: GuardTable, around: Surround): GuardTable {
  return { tickets: (keys) => around("guards.tickets", () => guards.tickets(keys), keys) };
}

/** A mark table whose calls go through the proxy, with the marks' names for keys. */
export function surroundedMarks(marks: MarkTable, around: Surround): MarkTable {
  return {
    put: (names, mode, at, sender) => around("marks.put", () => marks.put(names, mode, at, sender), names),
    lookup: (names) => around("marks.lookup", () => marks.lookup(names), names),
  };
}
