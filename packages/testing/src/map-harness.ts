import type { CacheBackend, Clock } from "@cascata/core";
import { AsyncMapBackend } from "./async-map-backend.ts";
import { AuthorityStore } from "./authority-store.ts";
import type { BackendHarness } from "./harness.ts";
import { Link } from "./link.ts";
import { ManualClock } from "./manual-clock.ts";
import { MapBackend } from "./map-backend.ts";
import { ReferenceAuthority } from "./reference-authority.ts";

/** Puts something around a backend, on the clock that the backend tells time by. */
export type Wrap = (backend: CacheBackend, clock: Clock) => CacheBackend;

const bare: Wrap = (backend) => backend;

/** A harness over {@link MapBackend}, or over what `wrap` makes of it. */
export function mapHarness(wrap: Wrap = bare): BackendHarness {
  const clock = new ManualClock();
  return { open: () => wrap(new MapBackend({ clock }), clock), clock, advance: (ms) => clock.advance(ms) };
}

/** The same over {@link AsyncMapBackend}. */
export function asyncMapHarness(wrap: Wrap = bare): BackendHarness {
  const clock = new ManualClock();
  return { open: () => wrap(new AsyncMapBackend({ clock }), clock), clock, advance: (ms) => clock.advance(ms) };
}

interface Inside {
  readonly store: AuthorityStore;
  readonly link: Link;
  sent: number;
}

/**
 * The same over {@link ReferenceAuthority}: every capability and every fault that the kits know.
 * @param makeStore another store than a plain one: to check a kit with one that is broken
 */
export function referenceHarness(
  wrap: Wrap = bare,
  makeStore: (clock: Clock) => AuthorityStore = (clock) => new AuthorityStore({ clock }),
): BackendHarness {
  const clock = new ManualClock();
  const insides = new WeakMap<CacheBackend, Inside>();
  const connect = (store: AuthorityStore): CacheBackend => {
    const inside: Inside = { store, link: new Link(), sent: 0 };
    const authority = new ReferenceAuthority(store, {
      transport: (call) => {
        if (call.operation !== "changes.follow") inside.sent += 1;
        return inside.link.transport(call);
      },
    });
    const backend = wrap(authority, clock);
    insides.set(backend, inside);
    return backend;
  };
  const inside = (backend: CacheBackend): Inside => {
    const found = insides.get(backend);
    if (found === undefined) throw new TypeError("this backend was not opened by this harness");
    return found;
  };
  return {
    open: () => connect(makeStore(clock)),
    connect: (beside) => connect(inside(beside).store),
    clock,
    advance: (ms) => clock.advance(ms),
    operations: (backend) => inside(backend).sent,
    restartEmpty: (backend) => inside(backend).store.restartEmpty(),
    trimFeed: (backend) => inside(backend).store.log.trim(0),
    cutLink: (backend) => {
      const { link } = inside(backend);
      link.cut();
      return () => link.mend();
    },
  };
}
