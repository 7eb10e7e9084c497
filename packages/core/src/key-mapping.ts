import type { ChangeFeed, ChangeListener, GuardTable, LeaseTable } from "./capabilities.ts";
import type { LeaseRequest, ReadContext, WriteContext } from "./contexts.ts";

/** A proxy's two key functions. */
export interface KeyMapping {
  toInner(key: string): string;
  fromInner(key: string): string;
}

/** A read's context as the wrapped backend must see it: what it says of keys comes back in the caller's keys. */
export function mappedReadContext(context: ReadContext, mapping: KeyMapping): ReadContext {
  const { judge, lease, observe } = context;
  return {
    ...context,
    ...(judge && { judge: (key, entry) => judge(mapping.fromInner(key), entry) }),
    ...(lease && { lease: mappedLease(lease, mapping) }),
    ...(observe && { observe: (tier, key, found) => observe(tier, mapping.fromInner(key), found) }),
  };
}

/** The same for a write. */
export function mappedWriteContext(context: WriteContext, mapping: KeyMapping): WriteContext {
  const { observe } = context;
  return observe === undefined
    ? context
    : { ...context, observe: (tier, key, outcome) => observe(tier, mapping.fromInner(key), outcome) };
}

/** A lease table that takes the caller's keys. */
export function mappedLeases(leases: LeaseTable, toInner: (key: string) => string): LeaseTable {
  return {
    renew: (keys, token, ms) => leases.renew(keys.map(toInner), token, ms),
    release: (keys, token, failure) => leases.release(keys.map(toInner), token, failure),
  };
}

/** A guard table that takes the caller's keys. */
export function mappedGuards(guards: GuardTable, toInner: (key: string) => string): GuardTable {
  return { tickets: (keys) => guards.tickets(keys.map(toInner)) };
}

/** A change feed that speaks of the caller's keys, and of no other. */
export function mappedFeed(feed: ChangeFeed, fromInner: (key: string) => string | undefined): ChangeFeed {
  return feedThrough(feed, (listener) => mappedListener(listener, fromInner));
}

/** The same feed, whose listeners hear it through what `through` makes of them. */
export function feedThrough(feed: ChangeFeed, through: (listener: ChangeListener) => ChangeListener): ChangeFeed {
  return {
    get atomic() {
      return feed.atomic;
    },
    get position() {
      return feed.position;
    },
    get live() {
      return feed.live;
    },
    get heardAt() {
      return feed.heardAt;
    },
    get silenceMs() {
      return feed.silenceMs;
    },
    subscribe: (listener) => feed.subscribe(through(listener)),
  };
}

function mappedListener(listener: ChangeListener, fromInner: (key: string) => string | undefined): ChangeListener {
  const outer = (keys: readonly string[]) => keys.map(fromInner).filter((key) => key !== undefined);
  return {
    changed: (notice) => {
      const keys = outer(notice.keys);
      if (keys.length > 0) listener.changed({ ...notice, keys });
    },
    marked: (marks) => listener.marked(marks),
    filled: (keys, failure) => {
      const own = outer(keys);
      if (own.length > 0) listener.filled(own, failure);
    },
    silent: (reason) => listener.silent(reason),
    resumed: () => listener.resumed(),
    uncertain: (reason) => listener.uncertain(reason),
  };
}

function mappedLease(lease: LeaseRequest, mapping: KeyMapping): LeaseRequest {
  return {
    token: lease.token,
    ms: lease.ms,
    ...(lease.rejects && {
      rejects: new Map([...lease.rejects].map(([key, revision]) => [mapping.toInner(key), revision])),
    }),
    answer: (key, answer) => lease.answer(mapping.fromInner(key), answer),
  };
}
