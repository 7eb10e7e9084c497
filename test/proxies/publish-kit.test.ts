import { applyProxy, type CacheBackend, type Clock, type LeaseTable, ProxyBackend } from "@cascata/core";
import { publish } from "@cascata/proxies";
import {
  AsyncMapBackend,
  AuthorityStore,
  type BackendHarness,
  describeConformance,
  FaultyBus,
  feedCases,
  ManualClock,
  markCases,
  ReferenceAuthority,
  revisionCases,
} from "@cascata/testing";
import { describe, it } from "vitest";

/** One process's way to a store that others use too: closing it closes nothing. */
class Client extends ProxyBackend {
  override close(): void {}
}

/** A store that counts, and neither leases nor announces. */
class Unleased extends Client {
  override get leases(): LeaseTable | undefined {
    return undefined;
  }
}

interface Inside {
  readonly store: CacheBackend;
  readonly bus: FaultyBus;
}

/** Several processes, each with a proxy and a bus port of its own, around one store. */
function harness(makeStore: (clock: Clock) => CacheBackend, View: typeof Client): BackendHarness {
  const clock = new ManualClock();
  const insides = new WeakMap<CacheBackend, Inside>();
  const connect = ({ store, bus }: Inside): CacheBackend => {
    const backend = applyProxy(publish({ bus: bus.port(), clock }), new View(store), "wrap[0]");
    insides.set(backend, { store, bus });
    return backend;
  };
  return {
    open: () => connect({ store: makeStore(clock), bus: new FaultyBus() }),
    connect: (beside) => connect(insides.get(beside) as Inside),
    clock,
    advance: (ms) => clock.advance(ms),
  };
}

const plain = harness((clock) => new AsyncMapBackend({ clock }), Client);
describeConformance(feedCases, plain, { describe, it, title: "the feed of a plain store" });
describeConformance(markCases, plain, { describe, it, title: "marks in a plain store" });

const counting = harness((clock) => new ReferenceAuthority(new AuthorityStore({ clock })), Unleased);
describeConformance([...feedCases, ...revisionCases, ...markCases], counting, {
  describe,
  it,
  title: "a store that counts",
});
