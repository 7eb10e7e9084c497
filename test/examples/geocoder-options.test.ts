import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readOptions, UsageError, usage } from "../../examples/geocoder/options.ts";

const read = (args: readonly string[], env: Record<string, string> = {}) => readOptions(args, env, "/somewhere/cache");

describe("the command line", () => {
  test("nothing given: the defaults", () => {
    expect(read([])).toEqual({
      requests: 100_000,
      seed: 1,
      cacheDir: "/somewhere/cache",
      fresh: false,
      redis: undefined,
      json: false,
      help: false,
    });
  });

  test("everything given", () => {
    const all = ["--requests", "5", "--seed=9", "--cache-dir", "/tmp/x", "--fresh", "--redis", "redis://h:1", "--json"];
    expect(read(all)).toEqual({
      requests: 5,
      seed: 9,
      cacheDir: "/tmp/x",
      fresh: true,
      redis: "redis://h:1",
      json: true,
      help: false,
    });
  });

  test("Redis by variable, by URL, or at the usual place", () => {
    expect(read([], { REDIS_URL: "redis://v:1" }).redis).toBe("redis://v:1");
    expect(read([], { REDIS_URL: "" }).redis).toBeUndefined();
    expect(read(["--redis=redis://o:2"], { REDIS_URL: "redis://v:1" }).redis).toBe("redis://o:2");
    expect(read(["--redis"]).redis).toBe("redis://127.0.0.1:6379");
    expect(read(["--redis", "--json"])).toMatchObject({ redis: "redis://127.0.0.1:6379", json: true });
  });

  test("a relative folder is meant from where npm was called", () => {
    expect(read(["--cache-dir", "x/y"], { INIT_CWD: "/home/me" }).cacheDir).toBe("/home/me/x/y");
    expect(read(["--cache-dir", "x/y"]).cacheDir).toBe(resolve("x/y"));
  });

  test.each([
    [["--requests", "0"], /--requests takes a whole number from 1/],
    [["--requests", "-5"], /--requests/],
    [["--requests", "1e3"], /"1e3"/],
    [["--requests", "1.5"], /"1\.5"/],
    [["--requests", "many"], /"many"/],
    [["--requests"], /--requests/],
    [["--seed", "-1"], /--seed/],
    [["--seed", "4294967296"], /--seed takes a whole number from 0 to 4294967295/],
    [["--cache-dir", ""], /--cache-dir/],
    [["--redis", "http://h"], /--redis takes a URL/],
    [["--redis", "nonsense"], /"nonsense"/],
    [["--fresh=yes"], /--fresh/],
    [["--request", "5"], /--request/],
    [["5"], /5/],
  ])("%j is refused with its reason", (args, reason) => {
    expect(() => read(args)).toThrow(UsageError);
    expect(() => read(args)).toThrow(reason);
  });

  test("the help names every option", () => {
    for (const option of ["--requests", "--seed", "--cache-dir", "--fresh", "--redis", "--json", "--help"]) {
      expect(usage).toContain(option);
    }
  });
});
