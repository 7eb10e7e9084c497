import {
  CachedValue,
  type CacheMetadata,
  type Found,
  type LeaseAnswer,
  type LeaseRequest,
  systemClock,
} from "@cascata/core";

/** An entry made just now, fresh for a minute unless `metadata` says otherwise. */
export function freshEntry<T>(payload: T, metadata: Partial<CacheMetadata> = {}): CachedValue<T> {
  const now = systemClock.now();
  return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl: 60_000, ...metadata });
}

/** What was found, in short: the payload, `"(miss)"`, or `"(failed)"`. */
export function inShort(found: Found | undefined): unknown {
  if (found instanceof CachedValue) return found.payload;
  return found !== undefined && "error" in found ? "(failed)" : "(miss)";
}

/** A request for leases that keeps what it is answered. */
export function leaseRequest(
  token: string,
  ms = 60_000,
): LeaseRequest & { readonly answers: Map<string, LeaseAnswer> } {
  const answers = new Map<string, LeaseAnswer>();
  return { token, ms, answers, answer: (key, answer) => void answers.set(key, answer) };
}
