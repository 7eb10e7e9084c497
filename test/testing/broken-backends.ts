import { type CacheBackend, CachedValue, ClosedError, type Found, isNoValue, NO_VALUE } from "@cascata/core";
import type { MapBackend, MapBackendOptions } from "@cascata/testing";

/** Spoils a new MapBackend in one way. `last` is the one that was opened before it. */
export type Spoil = (backend: MapBackend, options: MapBackendOptions, last: MapBackend | undefined) => void;

type Get = (key: string, context?: Parameters<CacheBackend["get"]>[1]) => Found;

/** Every way must be caught by at least one case of the backend kit. */
export const brokenBackends: Readonly<Record<string, Spoil>> = {
  "never finds": (b) => reads(b, () => NO_VALUE),
  "get never finds": (b) => {
    b.get = () => NO_VALUE;
  },
  "getMulti never finds": (b) => {
    b.getMulti = (keys) => keys.map(() => NO_VALUE);
  },
  "getMulti answers duplicates once": (b) => {
    const all = b.getMulti.bind(b);
    b.getMulti = (keys) => all([...new Set(keys)]);
  },
  "getMulti sorts": (b) => {
    const all = b.getMulti.bind(b);
    b.getMulti = (keys) => all([...keys].sort());
  },
  "getMulti leaves holes out": (b) => {
    const all = b.getMulti.bind(b);
    b.getMulti = (keys) => all(keys).filter((found) => !isNoValue(found));
  },
  "getMulti sorts its caller's keys": (b) => {
    const all = b.getMulti.bind(b);
    b.getMulti = (keys) => all((keys as string[]).sort());
  },
  "takes falsy payloads for misses": (b) =>
    maps(b, (entry) => (entry instanceof CachedValue && !entry.payload ? NO_VALUE : entry)),
  "gives null for undefined": (b) => payloads(b, (payload) => (payload === undefined ? null : payload)),
  "gives JSON": (b) => payloads(b, (payload) => (payload === undefined ? payload : json(payload))),
  "gives a plain array for a Buffer": (b) =>
    payloads(b, (payload) => (Buffer.isBuffer(payload) ? new Uint8Array(payload) : payload)),
  "gives 0 for -0": (b) => payloads(b, (payload) => (payload === 0 ? 0 : payload)),
  "says that it is by reference": (b) => payloads(b, (payload) => structuredClone(payload)),
  "drops the tags": (b) => metadata(b, ({ tags: _, ...rest }) => rest),
  "drops the validators": (b) => metadata(b, ({ validators: _, ...rest }) => rest),
  "drops startedOrder": (b) => metadata(b, ({ startedOrder: _, ...rest }) => rest),
  "gives a ttl where there was none": (b) => metadata(b, (given) => ({ ttl: 0, ...given })),
  "stamps entries anew": (b) => metadata(b, (given) => ({ ...given, createdAt: given.createdAt + 1 })),
  "writes the cap into the ttl": (b) => {
    const set = b.set.bind(b);
    b.set = (key, { payload, metadata: given }, context) =>
      set(key, new CachedValue(payload, { ...given, ttl: Math.min(given.ttl ?? 0, context?.keepMs ?? 1e9) }), context);
  },
  "setMulti stores the first key only": (b) => {
    b.setMulti = (mapping, context) => {
      for (const [key, value] of [...mapping].slice(0, 1)) b.set(key, value, context);
    };
  },
  "setMulti empties the mapping": (b) => {
    b.setMulti = (mapping, context) => {
      for (const [key, value] of [...mapping]) {
        b.set(key, value, context);
        (mapping as Map<string, CachedValue>).delete(key);
      }
    };
  },
  "setMulti writes into the mapping": (b) => {
    b.setMulti = (mapping, context) => {
      for (const [key, value] of mapping) {
        const wrapped = new CachedValue(value.payload, value.metadata);
        (mapping as Map<string, CachedValue>).set(key, wrapped);
        b.set(key, wrapped, context);
      }
    };
  },
  "writes into the metadata": (b) => {
    const set = b.set.bind(b);
    b.set = (key, value, context) => {
      (value.metadata as { formatVersion: number }).formatVersion += 0;
      set(key, value, context);
    };
  },
  "a delete of nothing fails": (b) => {
    const remove = b.delete.bind(b);
    b.delete = (key) => {
      if (isNoValue(b.get(key))) throw new Error("not found");
      remove(key);
    };
  },
  "delete does nothing": (b) => {
    b.delete = () => undefined;
  },
  "deleteMulti deletes everything": (b) => {
    b.deleteMulti = () => b.clear();
  },
  "deleteMulti deletes the first": (b) => {
    b.deleteMulti = (keys) => b.delete(keys[0] ?? "");
  },
  "clear does nothing": (b) => {
    b.clear = () => undefined;
  },
  "trims keys": (b) => keys(b, (key) => key.trim()),
  "folds case": (b) => keys(b, (key) => key.toLowerCase()),
  "normalises keys": (b) => keys(b, (key) => key.normalize()),
  "cuts long keys": (b) => keys(b, (key) => key.slice(0, 1_000_000)),
  "cuts at NUL": (b) => keys(b, (key) => key.split("\0")[0] ?? ""),
  "cuts at braces": (b) => keys(b, (key) => /\{(.+?)\}/.exec(key)?.[1] ?? key),
  "folds unpaired surrogates": (b) => keys(b, asUtf8),
  "refuses the empty key": (b) => keys(b, (key) => (key === "" ? fail("empty key") : key)),
  "refuses an odd key untyped": (b) => keys(b, (key) => (asUtf8(key) === key ? key : fail("bad key"))),
  "loses __proto__": (b) => {
    const set = b.set.bind(b);
    b.set = (key, value, context) => (key === "__proto__" ? undefined : set(key, value, context));
  },
  "set ignores keepMs": (b) => {
    const set = b.set.bind(b);
    b.set = (key, value) => set(key, value);
  },
  "setMulti ignores keepMs": (b) => {
    const set = b.setMulti.bind(b);
    b.setMulti = (mapping) => set(mapping);
  },
  "keepMs replaces the life": (b) =>
    lives(b, (given, keepMs) => (keepMs === undefined ? given : { ...given, ttl: keepMs + 3_600_000 })),
  "ignores the ttl": (b) => lives(b, ({ ttl: _, ...rest }) => rest),
  "ignores the grace": (b) => lives(b, ({ grace: _, ...rest }) => rest),
  "counts the life from the store": (b, { clock }) => lives(b, (given) => ({ ...given, createdAt: clock?.now() ?? 0 })),
  "keeps what a dead entry replaces": (b, { clock }) => {
    const set = b.set.bind(b);
    b.set = (key, value, context) => {
      const { createdAt, ttl = 0, grace = 0 } = value.metadata;
      const dead = createdAt + ttl + grace <= (clock?.now() ?? 0) || context?.keepMs === 0;
      if (!dead) set(key, value, context);
    };
  },
  "works on after close": (b) => {
    b.close = () => undefined;
  },
  "fails untyped after close": (b) => {
    const close = b.close.bind(b);
    b.close = () => {
      close();
      reads(b, () => fail("no connection"));
    };
  },
  "a second close fails": (b) => {
    let closed = 0;
    const close = b.close.bind(b);
    b.close = () => {
      closed += 1;
      if (closed > 1) throw new ClosedError("it");
      close();
    };
  },
  "stores NO_VALUE": (b) => {
    const set = b.set.bind(b);
    b.set = (key, value, context) =>
      set(key, isNoValue(value.payload) ? new CachedValue("nothing", value.metadata) : value, context);
  },
  "has no name": (b) => void Object.defineProperty(b, "name", { value: "" }),
  "judges itself": (b) => {
    const get = b.get.bind(b);
    b.get = (key, context?: Parameters<CacheBackend["get"]>[1]) => {
      const found = get(key);
      return found instanceof CachedValue && context?.judge?.(key, found) === "stale" ? NO_VALUE : found;
    };
  },
  "answers leases that it doesn't have": (b) => {
    const get = b.get.bind(b) as Get;
    const leasing: Get = (key, context) => {
      context?.lease?.answer(key, { granted: true });
      return get(key);
    };
    b.get = leasing;
  },
  "shares its store with the one before": (b, _, last) => {
    if (last === undefined) return;
    const get = b.get.bind(b);
    b.get = (key) => {
      const own = get(key);
      return isNoValue(own) && last.size > 0 ? last.get(key) : own;
    };
  },
};

function fail(why: string): never {
  throw new Error(why);
}

/** The key as it comes out of a store that keeps UTF-8. */
function asUtf8(key: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(key));
}

function json(payload: unknown): unknown {
  return JSON.parse(JSON.stringify(payload, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value)));
}

function reads(b: MapBackend, read: (key: string) => Found): void {
  b.get = (key) => read(key);
  b.getMulti = (all) => all.map(read);
}

function maps(b: MapBackend, map: (found: Found) => Found): void {
  const get = b.get.bind(b);
  reads(b, (key) => map(get(key)));
}

function payloads(b: MapBackend, map: (payload: unknown) => unknown): void {
  maps(b, (found) => (found instanceof CachedValue ? new CachedValue(map(found.payload), found.metadata) : found));
}

function metadata(b: MapBackend, map: (given: CachedValue["metadata"]) => CachedValue["metadata"]): void {
  maps(b, (found) => (found instanceof CachedValue ? new CachedValue(found.payload, map(found.metadata)) : found));
}

/** Stores under another life, and gives back what was given: only the stay is wrong. */
function lives(b: MapBackend, map: (given: CachedValue["metadata"], keepMs?: number) => CachedValue["metadata"]): void {
  const given = new Map<string, CachedValue>();
  const set = b.set.bind(b);
  const get = b.get.bind(b);
  b.set = (key, value, context) => {
    given.set(key, value);
    set(
      key,
      new CachedValue(value.payload, map(value.metadata, context?.keepMs)),
      context?.keepMs === 0 ? context : {},
    );
  };
  b.setMulti = (mapping, context) => {
    for (const [key, value] of mapping) b.set(key, value, context);
  };
  reads(b, (key) => (isNoValue(get(key)) ? NO_VALUE : (given.get(key) ?? NO_VALUE)));
}

function keys(b: MapBackend, map: (key: string) => string): void {
  const [get, set, remove] = [b.get.bind(b), b.set.bind(b), b.delete.bind(b)];
  reads(b, (key) => get(map(key)));
  b.set = (key, value, context) => set(map(key), value, context);
  b.setMulti = (mapping, context) => {
    for (const [key, value] of mapping) set(map(key), value, context);
  };
  b.delete = (key) => remove(map(key));
  b.deleteMulti = (all) => {
    for (const key of all) remove(map(key));
  };
}
