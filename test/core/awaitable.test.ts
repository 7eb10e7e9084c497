import { andThen, isPromiseLike } from "@cascata/core";
import { deferred } from "@cascata/testing";
import { describe, expect, it } from "vitest";

describe("isPromiseLike", () => {
  it("knows promises and thenables, and nothing else", () => {
    expect(isPromiseLike(Promise.resolve(1))).toBe(true);
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is asked about
    expect(isPromiseLike({ then: () => undefined } as unknown)).toBe(true);
    for (const value of [undefined, null, 0, "then", {}, [], new Map(), { nothing: 1 }]) {
      expect(isPromiseLike(value as unknown)).toBe(false);
    }
  });
});

describe("andThen", () => {
  it("goes on at once with a value that is there", () => {
    expect(andThen(1, (value) => value + 1)).toBe(2);
    expect(() =>
      andThen(1, () => {
        throw new RangeError("now");
      }),
    ).toThrow(RangeError);
  });

  it("goes on later with a promise, and rejects with what next throws", async () => {
    const first = deferred<number>();
    const next = andThen(first.promise, (value) => value + 1);
    expect(isPromiseLike(next)).toBe(true);
    first.resolve(1);
    expect(await next).toBe(2);
    await expect(
      andThen(Promise.resolve(1), () => {
        throw new RangeError("later");
      }),
    ).rejects.toThrow(RangeError);
  });

  it("passes a rejection on without calling next", async () => {
    let called = false;
    const next = andThen(Promise.reject(new Error("first")), () => {
      called = true;
    });
    await expect(next).rejects.toThrow("first");
    expect(called).toBe(false);
  });
});

describe("the package", () => {
  it("can be imported dynamically: no export makes it a thenable", async () => {
    const core: Readonly<Record<string, unknown>> = await import("@cascata/core");
    expect(core["andThen"]).toBe(andThen);
    expect("then" in core).toBe(false);
  });
});
