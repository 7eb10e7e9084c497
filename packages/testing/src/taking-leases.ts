import assert from "node:assert/strict";
import type { CacheBackend, Found, LeaseAnswer, LeaseRequest, LeaseTable, Order } from "@cascata/core";

/** Longer than any case lasts. */
export const longMs = 60_000;

/** For the lease kit. */
export interface Taken {
  readonly found: readonly Found[];
  readonly answers: ReadonlyMap<string, LeaseAnswer>;
  readonly calls: number;
}

/** For the lease kit. */
export async function take(
  backend: CacheBackend,
  keys: readonly string[],
  token: string,
  ms: number = longMs,
  rejects?: ReadonlyMap<string, Order | "any">,
): Promise<Taken> {
  const answers = new Map<string, LeaseAnswer>();
  let calls = 0;
  const answer: LeaseRequest["answer"] = (key, one) => {
    calls += 1;
    answers.set(key, one);
  };
  const lease: LeaseRequest = { token, ms, answer, ...(rejects && { rejects }) };
  return { found: await backend.getMulti(keys, { lease }), answers, calls };
}

/** For the lease kit. */
export function request(token: string, answers: Map<string, LeaseAnswer>): LeaseRequest {
  return { token, ms: longMs, answer: (key, answer) => void answers.set(key, answer) };
}

/** For the lease kit. */
export function table(backend: CacheBackend): LeaseTable {
  assert(backend.leases !== undefined, "the backend has no leases");
  return backend.leases;
}
