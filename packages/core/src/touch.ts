import { CachedValue } from "./cached-value.ts";
import type { ResolvedWriteOptions } from "./call-options.ts";
import type { LeaseAnswer, LeaseRequest } from "./contexts.ts";
import { isNoValue } from "./no-value.ts";
import type { RegionReads } from "./region-reads.ts";
import type { RegionState } from "./region-state.ts";
import { writeOne } from "./write-through.ts";

const leaseMs = 5000;

/**
 * Stores an entry again with a new life, only if nobody changes it between the read and the write: where the authority
 * leases, by a lease on the very revision that was read; elsewhere by the process's own fence.
 */
export async function touch(
  state: RegionState,
  reads: RegionReads,
  key: string,
  givenKey: string,
  options: ResolvedWriteOptions,
): Promise<boolean> {
  const found = await reads.getWith(key, givenKey, {
    expirationMs: undefined,
    ignoreExpiration: false,
    skip: undefined,
  });
  if (isNoValue(found)) return false;
  const { metadata, payload } = found;
  const { leases } = state.backend;
  let answer: LeaseAnswer | undefined;
  const token = `${state.sender}.touch.${state.stamps.next()}`;
  if (leases !== undefined) {
    const lease: LeaseRequest = {
      token,
      ms: leaseMs,
      rejects: new Map([[key, metadata.revision ?? "any"]]),
      answer: (_key, given) => {
        answer = given;
      },
    };
    // Near tiers are passed over by a judge that takes nothing: the authority has to grant it.
    await state.backend.get(key, { judge: () => "absent", lease });
    if (answer?.granted !== true) return false;
  }
  const entry = state.entry(payload, {
    ...options,
    startedAt: metadata.startedAt,
    startedOrder: metadata.startedOrder,
    tags: options.tags ?? metadata.tags,
    validators: metadata.validators,
  });
  const renewed = new CachedValue(entry.payload, entry.metadata);
  if (state.pending.hides(key, renewed)) return false;
  const outcomes = await writeOne(state.backend, key, renewed, {
    sender: state.sender,
    ...(leases !== undefined && { ticket: token, fill: true }),
  });
  return (outcomes.get(key)?.status ?? "stored") === "stored";
}
