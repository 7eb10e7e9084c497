import {
  type CachedValue,
  isNoValue,
  type Order,
  remainingLifeMs,
  ValidationError,
  type Wire,
  type WriteContext,
} from "@cascata/core";
import { entryKey } from "./entry-key.ts";
import { isGuardTicket } from "./ledger.ts";
import { piecesOf } from "./record.ts";
import type { TierClock } from "./tier-clock.ts";

/** An entry on its way into the file. */
export interface Prepared {
  readonly key: string;
  readonly place: Buffer;
  /** Absent: no life is left, and what stands there goes. */
  readonly wire: Uint8Array | undefined;
  readonly storedAt: number;
  readonly expiresAt: number;
  /** Given by a farther authority, which this tier is nearer than. */
  readonly revision: Order | undefined;
  readonly trust: object | undefined;
}

/**
 * What is stored for an entry, before the transaction begins.
 * @throws SerializationError or ValidationError for a payload that can't be stored
 */
export function prepareEntry(
  parts: { readonly wire: Wire; readonly clock: TierClock },
  epoch: string,
  key: string,
  entry: CachedValue,
  context: WriteContext | undefined,
): Prepared {
  if (isNoValue(entry.payload)) {
    throw new ValidationError({
      path: `value of ${JSON.stringify(key)}`,
      expected: "a storable value",
      received: "NO_VALUE",
    });
  }
  const now = parts.clock.now();
  const life = Math.min(
    context?.keepMs ?? Number.POSITIVE_INFINITY,
    remainingLifeMs(entry.metadata, parts.clock.local(now)),
  );
  const { revision } = entry.metadata;
  // Only a read-through tier, of which this one is the near half, gives trust or a guard's ticket.
  const isNear =
    entry.residence?.trust !== undefined || (context?.ticket !== undefined && isGuardTicket(context.ticket));
  return {
    key,
    place: entryKey(key),
    // Also for a life that is no number: such an entry would stay for ever.
    wire: life > 0 ? parts.wire.encode(key, entry) : undefined,
    storedAt: now,
    expiresAt: now + life,
    revision: isNear && revision?.epoch !== epoch ? revision : undefined,
    trust: entry.residence?.trust,
  };
}

/** The most pages that storing these can dirty: each tree's path, and for each entry its leaves and its own pages. */
export function pagesFor(part: readonly Prepared[]): number {
  return part.reduce((pages, one) => pages + pagesOf(one), 14);
}

function pagesOf({ wire }: Prepared): number {
  return 6 + Math.ceil(piecesOf(wire?.length ?? 0) * 0.6);
}

/** Parts of a batch, each of which fits into one transaction. */
export function* inParts(all: readonly Prepared[], pagesAtOnce: number): Generator<readonly Prepared[]> {
  let part: Prepared[] = [];
  let pages = 14;
  for (const one of all) {
    if (part.length > 0 && pages + pagesOf(one) > pagesAtOnce) {
      yield part;
      part = [];
      pages = 14;
    }
    part.push(one);
    pages += pagesOf(one);
  }
  if (part.length > 0) yield part;
}
