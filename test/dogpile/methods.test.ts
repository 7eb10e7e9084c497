import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type CachedFunction, cached, cachedMethod, createRegion, NO_VALUE } from "@cascata/core";
import { ManualClock, MapBackend } from "@cascata/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { makeClasses as MakeClasses } from "./methods.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "cascata-methods-"));
let makeClasses: typeof MakeClasses;

beforeAll(async () => {
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
  const source = join(import.meta.dirname, "methods.fixture.ts");
  const options = ["--ignoreConfig", "--noCheck", "--target", "ES2022", "--module", "ESNext", "--outDir", folder];
  execFileSync(process.execPath, [compiler, source, ...options, "--rootDir", import.meta.dirname]);
  ({ makeClasses } = await import(/* @vite-ignore */ pathToFileURL(join(folder, "methods.fixture.js")).href));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open() {
  const clock = new ManualClock();
  const region = createRegion({ name: "r", clock, backend: new MapBackend({ clock }), ttl: 1000 });
  return { clock, region, ...makeClasses(region, cached) };
}

describe("methods decorated by the language's own syntax", () => {
  it("are cached by their arguments; the object is no part of the key", async () => {
    const { Users } = open();
    const [a, b] = [new Users("a"), new Users("b")];
    expect([await a.find(1), await a.find(1), await b.find(1)]).toEqual(["a:1", "a:1", "a:1"]);
    expect([a.calls, b.calls]).toEqual([["find 1"], []]);
    expect([a.find.name, a.find.length]).toEqual(["find", 1]);
  });

  it("have the object in the key when asked", async () => {
    const { Users } = open();
    const [a, b] = [new Users("a"), new Users("b")];
    expect([await a.own(1), await b.own(1)]).toEqual(["a=1", "b=1"]);
    await cachedMethod(a, "own").invalidate(1);
    expect(await cachedMethod(a, "own").get(1)).toBe(NO_VALUE);
    expect(await cachedMethod(b, "own").get(1)).toBe("b=1");
  });

  it("can be refreshed, set, tagged and read through cachedMethod", async () => {
    const { Users, region } = open();
    const users = new Users("a");
    await users.tagged(1);
    const tagged = cachedMethod(users, "tagged");
    await tagged.set("set", 2);
    expect([await users.tagged(2), await tagged.refresh(2)]).toEqual(["set", "a/2"]);
    await region.invalidateTags(["id:1"]);
    expect([await tagged.get(1), await tagged.get(2)]).toEqual([NO_VALUE, "a/2"]);
  });

  it("take many keys, and may be static", async () => {
    const { Users, clock } = open();
    const users = new Users("a");
    expect(await users.many([1, 2])).toEqual(["a#1", "a#2"]);
    expect(await users.many([2, 3])).toEqual(["a#2", "a#3"]);
    expect(users.calls).toEqual(["many 1,2", "many 3"]);
    expect(await Users.count("abc")).toBe(3);
    const count = Users.count as unknown as CachedFunction<typeof Users.count>;
    await clock.advance(101);
    expect(await count.get("abc")).toBe(NO_VALUE);
  });
});
