import type { CacheBackend } from "@cascata/core";
import {
  AsyncMapBackend,
  AuthorityStore,
  type BackendHarness,
  Link,
  ManualClock,
  MapBackend,
  ReferenceAuthority,
} from "@cascata/testing";

/** A harness around MapBackend, or around what `wrap` makes of it. */
export function mapHarness(wrap: (backend: CacheBackend) => CacheBackend = (backend) => backend): BackendHarness {
  const clock = new ManualClock();
  return { open: () => wrap(new MapBackend({ clock })), clock, advance: (ms) => clock.advance(ms) };
}

/** The same around AsyncMapBackend. */
export function asyncMapHarness(wrap: (backend: CacheBackend) => CacheBackend = (backend) => backend): BackendHarness {
  const clock = new ManualClock();
  return { open: () => wrap(new AsyncMapBackend({ clock })), clock, advance: (ms) => clock.advance(ms) };
}

/** Every capability and every fault that the kits know, around the reference authority or what `wrap` makes of it. */
export function referenceHarness(wrap: (backend: CacheBackend) => CacheBackend = (backend) => backend): BackendHarness {
  const clock = new ManualClock();
  const insides = new WeakMap<CacheBackend, { store: AuthorityStore; link: Link; sent: () => number }>();
  const connect = (store: AuthorityStore): CacheBackend => {
    const link = new Link();
    let count = 0;
    const authority = new ReferenceAuthority(store, {
      transport: (call) => {
        if (call.operation !== "changes.follow") count += 1;
        return link.transport(call);
      },
    });
    const backend = wrap(authority);
    insides.set(backend, { store, link, sent: () => count });
    return backend;
  };
  const inside = (backend: CacheBackend) => {
    const found = insides.get(backend);
    if (found === undefined) throw new Error("not a backend of this harness");
    return found;
  };
  return {
    open: () => connect(new AuthorityStore({ clock })),
    connect: (beside) => connect(inside(beside).store),
    clock,
    advance: (ms) => clock.advance(ms),
    operations: (backend) => inside(backend).sent(),
    restartEmpty: (backend) => inside(backend).store.restartEmpty(),
    trimFeed: (backend) => inside(backend).store.log.trim(0),
    cutLink: (backend) => {
      const { link } = inside(backend);
      link.cut();
      return () => link.mend();
    },
  };
}
