import { CachedValue, createRegion, NO_VALUE, ProxyBackend, type ProxyFactory } from "@cascata/core";
import { CountingProxy, ManualClock, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

const clock = new ManualClock();
const regionOf = (wrap: readonly ProxyFactory[]) =>
  createRegion({ name: "r", clock, backend: new MapBackend({ clock }), wrap });

describe("proxies, as dogpile tests its own", () => {
  it("row 61: a proxy sees a CachedValue on its way down and up, single and multi alike", async () => {
    const seen: [string, unknown][] = [];
    class Watch extends ProxyBackend {
      protected override encode(entry: CachedValue, key: string) {
        seen.push([`set ${key}`, entry]);
        return entry;
      }
      protected override decode(entry: CachedValue, key: string) {
        seen.push([`get ${key}`, entry]);
        return entry;
      }
    }
    const region = regionOf([Watch]);
    await region.set("a", 1);
    await region.get("a");
    await region.setMulti(new Map([["b", 2]]));
    await region.getMulti(["b"]);
    await region.getOrCreate("c", () => 3);
    await region.getOrCreateMulti(["d"], () => [4]);
    expect(seen.map(([what]) => what)).toEqual(["set a", "get a", "set b", "get b", "set c", "set d"]);
    expect(seen.every(([, entry]) => entry instanceof CachedValue)).toBe(true);
  });

  it("row 62: two stacked classes count exactly, and what they don't override works", async () => {
    const counts = { get: 0, set: 0 };
    class Gets extends ProxyBackend {
      protected override decode(entry: CachedValue) {
        counts.get += 1;
        return entry;
      }
    }
    class Sets extends ProxyBackend {
      protected override encode(entry: CachedValue) {
        counts.set += 1;
        return entry;
      }
    }
    const region = regionOf([Gets, Sets]);
    for (let index = 0; index < 10; index += 1) await region.set(`k${index}`, index);
    for (let index = 0; index < 10; index += 1) expect(await region.get(`k${index}`)).toBe(index);
    expect(counts).toEqual({ get: 10, set: 10 });
    await region.delete("k0");
    expect(await region.get("k0")).toBe(NO_VALUE);
    await region.deleteMulti(["k1"]);
    expect(await region.getMulti(["k1", "k2"])).toEqual([NO_VALUE, 2]);
  });

  it("row 63: factories in wrap give each layer its own instance and arguments; none shares another's state", async () => {
    const made: CountingProxy[] = [];
    const counting = (proxied: ConstructorParameters<typeof CountingProxy>[0]) => {
      const proxy = new CountingProxy(proxied);
      made.push(proxy);
      return proxy;
    };
    const region = regionOf([counting, counting]);
    const other = regionOf([counting]);
    await region.set("k", 1);
    await region.get("k");
    await other.get("k");
    expect(made.map((proxy) => [proxy.count("set").calls, proxy.count("get").calls])).toEqual([
      [1, 1],
      [1, 1],
      [0, 1],
    ]);
  });

  it("row 65: actualBackend is reached through every layer; backend is the outermost one", () => {
    class A extends ProxyBackend {}
    class B extends ProxyBackend {}
    const backend = new MapBackend({ clock });
    const region = createRegion({ name: "r", clock, backend, wrap: [A, B] });
    expect(region.actualBackend).toBe(backend);
    expect(region.backend).toBeInstanceOf(A);
    region.wrap(B);
    expect(region.backend).toBeInstanceOf(B);
    expect(region.actualBackend).toBe(backend);
  });

  it("row 66: without proxies of the user's it is the backend itself", () => {
    const backend = new MapBackend({ clock });
    expect(createRegion({ name: "r", clock, backend }).actualBackend).toBe(backend);
  });
});
