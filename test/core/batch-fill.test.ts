import { CachedValue, type Found, NO_VALUE, ReadFailure, stack, UnavailableError } from "@cascata/core";
import { type Deferred, deferred, MapBackend } from "@cascata/testing";
import { describe, expect, it } from "vitest";

/** Answers batches when the test says so. */
class HeldBackend extends MapBackend {
  readonly calls: { readonly keys: readonly string[]; readonly answer: Deferred<readonly Found[]> }[] = [];

  override getMulti(keys: readonly string[]): never {
    const answer = deferred<readonly Found[]>();
    this.calls.push({ keys, answer });
    return answer.promise as never;
  }
}

const life = { createdAt: Date.now(), startedAt: Date.now(), formatVersion: 1, ttl: 60_000 };

function stored(payload: unknown, seq: number): CachedValue {
  return new CachedValue(payload, { ...life, revision: { epoch: "e", seq } });
}

function scene() {
  const near = new MapBackend({ name: "near" });
  const far = new HeldBackend({ name: "far" });
  const payloads = (found: readonly Found[]) =>
    found.map((one) => (one instanceof CachedValue ? one.payload : one instanceof ReadFailure ? "failed" : "none"));
  return { near, far, chain: stack(near, far), payloads };
}

describe("what a batch brings from further down", () => {
  it("doesn't replace what is newer, if two batches are answered in the other order", async () => {
    const { near, far, chain } = scene();
    const [first, second] = [chain.getMulti(["a", "b"]), chain.getMulti(["a", "b"])];
    far.calls[1]?.answer.resolve([stored("new", 6), stored("b", 2)]);
    await second;
    far.calls[0]?.answer.resolve([stored("old", 5), stored("b", 2)]);
    await first;
    expect((near.get("a") as CachedValue).payload).toBe("new");
    expect((near.get("b") as CachedValue).payload).toBe("b");
  });

  it("stands in the place of each key, also of one that is asked for twice, and of one that is near", async () => {
    const { near, far, chain, payloads } = scene();
    near.set("n", stored("near", 1));
    const answer = chain.getMulti(["x", "n", "y", "x", "z"]);
    const [call] = far.calls;
    expect(call?.keys).toEqual(["x", "y", "x", "z"]);
    const failure = new ReadFailure("far", new UnavailableError("far", "down"));
    call?.answer.resolve([stored("x", 1), NO_VALUE, stored("x", 1), failure]);
    expect(payloads(await answer)).toEqual(["x", "near", "none", "x", "failed"]);
    expect((near.get("x") as CachedValue).payload).toBe("x");
  });

  it("isn't kept near if the key was deleted meanwhile", async () => {
    const { near, far, chain, payloads } = scene();
    const answer = chain.getMulti(["a", "b"]);
    await chain.delete("a");
    far.calls[0]?.answer.resolve([stored("old", 5), stored("b", 2)]);
    expect(payloads(await answer)).toEqual(["old", "b"]);
    expect(near.get("a")).toBe(NO_VALUE);
    expect((near.get("b") as CachedValue).payload).toBe("b");
  });
});
