import { type CacheBackend, ProxyBackend } from "@cascata/core";
import { KeyvBackend, type KeyvBackendOptions } from "@cascata/keyv";
import { backendCases, describeConformance, ManualClock, markCases } from "@cascata/testing";
import { Keyv as Keyv5 } from "keyv";
import { Keyv as Keyv6 } from "keyv6";
import { describe, it } from "vitest";
import { AsyncTextStore, InstantStore } from "./stores.ts";

class PassThrough extends ProxyBackend {}

const stores: Readonly<Record<string, () => KeyvBackendOptions["store"]>> = {
  "a Map": () => new Map(),
  "Keyv 5 on a Map": () => new Keyv5(),
  "Keyv 6 on a Map": () => new Keyv6(),
  "a custom store": () => new AsyncTextStore(),
  "Keyv 5 on a custom store": () => new Keyv5({ store: new AsyncTextStore(), namespace: "ns" }),
  "Keyv 6 on a custom store": () => new Keyv6({ store: new AsyncTextStore(), namespace: "ns" }),
  "Keyv 6 on a store that takes instants": () => new Keyv6({ store: new InstantStore() }),
  "Keyv 6 without serialization": () => new Keyv6({ serialization: false }),
};

const clock = new ManualClock();
const advance = (ms: number) => clock.advance(ms);

for (const [title, store] of Object.entries(stores)) {
  const open = () => new KeyvBackend({ store: store(), clock, clearStore: true });
  const around: Readonly<Record<string, () => CacheBackend>> = {
    [title]: open,
    [`${title}, behind a proxy`]: () => new PassThrough(open()),
  };
  for (const [heading, opened] of Object.entries(around)) {
    describeConformance(backendCases, { open: opened, clock, advance }, { describe, it, title: heading });
  }
  const places = new WeakMap<CacheBackend, KeyvBackendOptions["store"]>();
  const marked = (place: KeyvBackendOptions["store"]) => {
    const backend = new KeyvBackend({ store: place, clock });
    places.set(backend, place);
    return backend;
  };
  const connect = (beside: CacheBackend) => marked(places.get(beside) ?? new Map());
  describeConformance(
    markCases,
    { open: () => marked(store()), connect, clock, advance },
    { describe, it, title: `${title}: marks` },
  );
}
