import { CachedValue, type CacheMetadata, type Order } from "./cached-value.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";
import { wholeMicros } from "./stamps.ts";
import { checkTags } from "./tags.ts";

/** What a new entry is made from, beside its payload. */
export interface EntryPlan {
  /** @default now */
  readonly createdAt?: number;
  readonly startedAt: number;
  readonly startedOrder: Order | undefined;
  readonly ttlMs: number;
  readonly graceMs: number;
  /** The ttl is the region's own: a shorter one for "there is none" applies. */
  readonly ownTtl: boolean;
  readonly tags?: readonly string[] | undefined;
  readonly validators?: Readonly<Record<string, string>> | undefined;
}

/** An entry of the region. @throws ValidationError for tags that are none */
export function newEntry(options: ResolvedRegionOptions, payload: unknown, plan: EntryPlan): CachedValue {
  const negative = plan.ownTtl && (payload === undefined || payload === null) ? options.negativeTtlMs : undefined;
  let ttl = negative ?? plan.ttlMs;
  if (options.jitter !== 0 && ttl !== Number.POSITIVE_INFINITY) ttl *= 1 - options.jitter * options.random();
  // Assigned one by one: object spreads cost microseconds here, a whole creation's worth; and what V8 learns from a literal
  // whose objects have lived long is to make all of them where only a full collection frees them.
  const metadata = {} as { -readonly [K in keyof CacheMetadata]: CacheMetadata[K] };
  metadata.createdAt = plan.createdAt ?? wholeMicros(options.clock.now());
  metadata.startedAt = plan.startedAt;
  metadata.formatVersion = options.valueVersion;
  metadata.ttl = ttl;
  if (plan.graceMs > 0) metadata.grace = plan.graceMs;
  if (plan.startedOrder !== undefined) metadata.startedOrder = plan.startedOrder;
  if (plan.tags !== undefined) {
    checkTags(plan.tags, "tags");
    if (plan.tags.length > 0) metadata.tags = plan.tags;
  }
  if (plan.validators !== undefined) metadata.validators = plan.validators;
  return new CachedValue(payload, metadata);
}
