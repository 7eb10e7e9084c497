import {
  type Awaitable,
  CachedValue,
  type Found,
  NO_VALUE,
  type Operation,
  ProxyBackend,
  ReadFailure,
  type Run,
} from "@cascata/core";
import { proxyCases, runConformance } from "@cascata/testing";
import { describe, expect, it } from "vitest";

/** Proxies that are broken, each in one way that the proxy kit must catch. */
const broken: Readonly<Record<string, new (...given: ConstructorParameters<typeof ProxyBackend>) => ProxyBackend>> = {
  "changes single reads only": class extends ProxyBackend {
    override get(): Found {
      return NO_VALUE;
    }
  },
  "hides leases": class extends ProxyBackend {
    override get leases(): undefined {
      return undefined;
    }
  },
  "hides the feed": class extends ProxyBackend {
    override get changes(): undefined {
      return undefined;
    }
  },
  "hides revisions": class extends ProxyBackend {
    override readonly revisions = undefined as never;
  },
  "takes failures for misses": class extends ProxyBackend {
    override get(key: string): Awaitable<Found> {
      return Promise.resolve(super.get(key)).catch(() => NO_VALUE);
    }
    override getMulti(keys: readonly string[]): Awaitable<readonly Found[]> {
      return Promise.resolve(super.getMulti(keys)).catch(() => keys.map(() => NO_VALUE));
    }
  },
  "takes failed writes for stored ones": class extends ProxyBackend {
    protected override around<T>(operation: Operation, run: Run<T>): Awaitable<T> {
      if (operation !== "set" && operation !== "setMulti") return run();
      return Promise.resolve(run()).catch(() => undefined as T);
    }
  },
  "drops the context of writes": class extends ProxyBackend {
    override set(key: string, value: CachedValue) {
      return super.set(key, value);
    }
  },
  "writes into the mapping": class extends ProxyBackend {
    override setMulti(mapping: ReadonlyMap<string, CachedValue>) {
      for (const [key, value] of mapping) (mapping as Map<string, CachedValue>).set(key, value);
      return super.setMulti(mapping);
    }
  },
  "encodes without decoding": class extends ProxyBackend {
    protected override encode(entry: CachedValue): CachedValue {
      return new CachedValue([entry.payload], entry.metadata);
    }
  },
  "stamps entries anew": class extends ProxyBackend {
    protected override decode(entry: CachedValue): CachedValue {
      return new CachedValue(entry.payload, { ...entry.metadata, createdAt: entry.metadata.createdAt + 1 });
    }
  },
  "maps two keys to one": class extends ProxyBackend {
    protected override toInner(key: string): string {
      return key.toLowerCase();
    }
    protected override fromInner(key: string): string {
      return key;
    }
  },
  "has a wrong inverse": class extends ProxyBackend {
    protected override toInner(key: string): string {
      return `p:${key}`;
    }
    protected override fromInner(key: string): string {
      return key;
    }
  },
  "reads one by one": class extends ProxyBackend {
    override async getMulti(
      keys: readonly string[],
      context?: Parameters<ProxyBackend["get"]>[1],
    ): Promise<readonly Found[]> {
      return Promise.all(keys.map(async (key) => this.get(key, context)));
    }
  },
  "makes failures of misses": class extends ProxyBackend {
    override async get(key: string, context?: Parameters<ProxyBackend["get"]>[1]): Promise<Found> {
      const found = await super.get(key, context);
      return found === NO_VALUE
        ? new ReadFailure(this.name, new (await import("@cascata/core")).TimeoutError("get", 1))
        : found;
    }
  },
  "doesn't close what it wraps": class extends ProxyBackend {
    override close(): void {}
  },
  "keeps incidents to itself": class extends ProxyBackend {
    override watch(): () => void {
      return () => undefined;
    }
  },
  "has a name of its own": class extends ProxyBackend {
    override get name(): string {
      return "proxy";
    }
  },
};

describe("the proxy kit", () => {
  for (const [name, Broken] of Object.entries(broken)) {
    it(`catches a proxy that ${name}`, async () => {
      const { failed, passed } = await runConformance(proxyCases, { wrap: (backend) => new Broken(backend) });
      expect(failed.size).toBeGreaterThan(0);
      expect(failed.size + passed.length).toBe(proxyCases.length);
    });
  }
});
