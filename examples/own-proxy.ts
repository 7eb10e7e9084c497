import { type Awaitable, CachedValue, createRegion, ProxyBackend } from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";

/** Keeps texts in capitals: `encode` and `decode` stand in every path, single and multi. */
class Shouting extends ProxyBackend {
  protected override encode(entry: CachedValue): CachedValue {
    const { payload, metadata } = entry;
    return typeof payload === "string" ? new CachedValue(payload.toUpperCase(), metadata) : entry;
  }
}

/** Counts calls: `around` stands around each operation, whatever it is. */
class Counting extends ProxyBackend {
  calls = 0;

  protected override around<T>(_operation: string, run: () => Awaitable<T>): Awaitable<T> {
    this.calls++;
    return run();
  }
}

const counting = new Counting(new MemoryBackend({ maxEntries: 100 }));
const region = createRegion({ name: "loud", backend: counting, wrap: [Shouting], ttl: "1m" });

await region.setMulti(
  new Map([
    ["one", "first"],
    ["two", "second"],
  ]),
);
console.log(await region.getMulti(["one", "two"]), await region.get("one"));
console.log(`${counting.calls} calls`);
await region.close();
