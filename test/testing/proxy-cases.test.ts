import { Buffer } from "node:buffer";
import { CachedValue, ProxyBackend } from "@cascata/core";
import {
  CountingProxy,
  copyOf,
  describeConformance,
  FaultyProxy,
  proxyCases,
  RecordingProxy,
  SlowProxy,
} from "@cascata/testing";
import { describe, it } from "vitest";

class PlainProxy extends ProxyBackend {}

/** Keys with a prefix. */
class KeyProxy extends ProxyBackend {
  protected override toInner(key: string): string {
    return `prefix:${key}`;
  }
  protected override fromInner(key: string): string {
    return key.slice("prefix:".length);
  }
}

/** Payloads in an envelope; the answer of the hooks comes at once. */
class EncodingProxy extends ProxyBackend {
  protected override encode(entry: CachedValue): CachedValue {
    if (typeof entry.payload === "object" && String(entry.payload) === "NO_VALUE") return entry;
    return new CachedValue({ envelope: entry.payload }, entry.metadata);
  }
  protected override decode(entry: CachedValue): CachedValue {
    return new CachedValue((entry.payload as { readonly envelope: unknown }).envelope, entry.metadata);
  }
}

/** The same with promises. */
class AsyncEncodingProxy extends ProxyBackend {
  protected override async encode(entry: CachedValue): Promise<CachedValue> {
    if (typeof entry.payload === "object" && String(entry.payload) === "NO_VALUE") return entry;
    return new CachedValue([copyOf(entry.payload), Buffer.from("x")], entry.metadata);
  }
  protected override async decode(entry: CachedValue): Promise<CachedValue> {
    return new CachedValue((entry.payload as readonly unknown[])[0], entry.metadata);
  }
}

const runner = { describe, it };

describeConformance(proxyCases, { wrap: (backend) => new PlainProxy(backend) }, { ...runner, title: "a plain proxy" });
describeConformance(proxyCases, { wrap: (backend) => new KeyProxy(backend) }, { ...runner, title: "a proxy of keys" });
describeConformance(
  proxyCases,
  { wrap: (backend) => new EncodingProxy(backend) },
  {
    ...runner,
    title: "a proxy of payloads",
    skip: {
      "map: byReference says whether the stored object itself comes back": "its envelope holds the caller's own object",
    },
  },
);
describeConformance(
  proxyCases,
  { wrap: (backend) => new AsyncEncodingProxy(new KeyProxy(new EncodingProxy(backend))) },
  { ...runner, title: "three proxies" },
);
describeConformance(
  proxyCases,
  { wrap: (backend) => new CountingProxy(backend) },
  { ...runner, title: "CountingProxy" },
);
describeConformance(
  proxyCases,
  { wrap: (backend) => new RecordingProxy(backend) },
  { ...runner, title: "RecordingProxy" },
);
describeConformance(
  proxyCases,
  { wrap: (backend) => new FaultyProxy(backend) },
  { ...runner, title: "FaultyProxy without rules" },
);
describeConformance(
  proxyCases,
  { wrap: (backend, clock) => new SlowProxy(backend, { clock, delayMs: 0 }) },
  { ...runner, title: "SlowProxy without a delay" },
);
