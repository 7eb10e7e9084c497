import {
  asCacheError,
  BackendError,
  CacheError,
  ClosedError,
  ConfigurationError,
  InvalidationPendingError,
  isCacheError,
  LockError,
  PartialFailureError,
  PluginNotFound,
  RegionAlreadyConfigured,
  RegionNotConfigured,
  SerializationError,
  TimeoutError,
  textOf,
  UnavailableError,
  ValidationError,
} from "@cascata/core";
import { describe, expect, it, vi } from "vitest";

const mistake = { path: "ttl", expected: "a duration", received: -1 };

const samples: Readonly<Record<string, readonly [CacheError, string]>> = {
  CacheError: [new CacheError("ANY", "text"), "ANY"],
  ValidationError: [new ValidationError(mistake), "VALIDATION"],
  ConfigurationError: [new ConfigurationError(mistake), "CONFIGURATION"],
  RegionNotConfigured: [new RegionNotConfigured("users"), "REGION_NOT_CONFIGURED"],
  RegionAlreadyConfigured: [new RegionAlreadyConfigured("users"), "REGION_ALREADY_CONFIGURED"],
  PluginNotFound: [new PluginNotFound("compres", 'did you mean "compress"?'), "PLUGIN_NOT_FOUND"],
  BackendError: [new BackendError("redis", "getMulti", 2, new Error("reset")), "BACKEND"],
  SerializationError: [new SerializationError("a function"), "SERIALIZATION"],
  TimeoutError: [new TimeoutError("get", 50), "TIMEOUT"],
  UnavailableError: [new UnavailableError("redis", "its circuit is open"), "UNAVAILABLE"],
  LockError: [new LockError("not held"), "LOCK"],
  InvalidationPendingError: [
    new InvalidationPendingError("the delete", { settled: Promise.resolve() }),
    "INVALIDATION_PENDING",
  ],
  ClosedError: [new ClosedError("the region"), "CLOSED"],
  PartialFailureError: [
    new PartialFailureError(new Map([["a", 1]]), new Map([["b", new Error("x")]])),
    "PARTIAL_FAILURE",
  ],
};

describe("errors", () => {
  for (const [name, [error, code]] of Object.entries(samples)) {
    it(`${name} is an Error with its name, a code and a message`, () => {
      expect(error).toBeInstanceOf(Error);
      expect(error).toBeInstanceOf(CacheError);
      expect([error.name, error.code]).toEqual([name, code]);
      expect(error.message).not.toBe("");
      expect(isCacheError(error)).toBe(true);
    });
  }

  it("are known over two copies of the package", async () => {
    vi.resetModules();
    const copy = await import("@cascata/core");
    expect(copy.CacheError).not.toBe(CacheError);
    expect(isCacheError(new copy.TimeoutError("get", 1))).toBe(true);
    for (const other of [new Error("x"), { code: "TIMEOUT" }, null, "TIMEOUT", undefined]) {
      expect(isCacheError(other)).toBe(false);
    }
  });

  it("ValidationError names each mistake with its path, what was expected and what came", () => {
    const error = new ValidationError([mistake, { ...mistake, path: "grace", hint: "0 is allowed" }]);
    expect(error.mistakes).toHaveLength(2);
    expect(error.message).toBe(
      "ttl: expected a duration, received -1\ngrace: expected a duration, received -1 (0 is allowed)",
    );
  });

  it("BackendError says which store, what and how many, and keeps the cause", () => {
    const cause = new Error("reset");
    const error = new BackendError("redis", "get", 1, cause);
    expect(error.message).toBe("redis: get of 1 key failed: reset");
    expect([error.cause, error.backend, error.operation, error.keyCount]).toEqual([cause, "redis", "get", 1]);
  });

  it("PartialFailureError carries results and errors", () => {
    const first = new Error("first");
    const error = new PartialFailureError(new Map([["a", 1]]), new Map([["b", first]]));
    expect(error.message).toBe("1 of 2 keys failed; the first: first");
    expect(error.cause).toBe(first);
    expect(error.results.get("a")).toBe(1);
  });

  it("asCacheError keeps its own kind and wraps the rest", () => {
    const own = new LockError("x");
    expect(asCacheError(own, "redis", "get", 1)).toBe(own);
    expect(asCacheError("text", "redis", "get", 1)).toMatchObject({ code: "BACKEND", cause: "text" });
  });
});

describe("textOf", () => {
  it("is short, in one line, for anything", () => {
    const ring: { self?: unknown } = {};
    ring.self = ring;
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const things = [
      undefined,
      null,
      1n,
      Symbol("s"),
      () => 1,
      ring,
      revoked.proxy,
      "x".repeat(5000),
      new Error("y".repeat(5000)),
      new Error("two\nlines"),
      { long: "z".repeat(5000) },
      Object.create(null),
      10n ** 4000n,
    ];
    for (const thing of things) {
      const text = textOf(thing);
      expect(text.length).toBeLessThanOrEqual(120);
      expect(text).not.toContain("\n");
      expect(text).not.toBe("");
    }
    expect(textOf("text")).toBe('"text"');
    expect(textOf(new Error("message"))).toBe("message");
    expect(textOf({ a: [1] })).toBe('{"a":[1]}');
  });
});
