import { ConfigurationError, durationMs, durationText, sizeBytes } from "@cascata/core";
import { describe, expect, it, test } from "vitest";

const refusedByBoth = [
  -1,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  "",
  " ",
  "5",
  "m",
  "-5m",
  "-5mb",
  "5 minutes",
  "1e3ms",
  "5m5s",
  "1,5h",
  "5constructor",
  "5tostring",
  "5__proto__",
  "0x10ms",
  null,
  undefined,
  true,
  5n,
  {},
  [],
  ["5m"],
  () => 5,
];

describe("durationMs", () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ["0ms", 0],
    ["250ms", 250],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    [".5h", 1_800_000],
    ["30d", 2_592_000_000],
    ["2w", 1_209_600_000],
    ["5M", 300_000],
    [" 5 m ", 300_000],
  ])("%s is %d ms", (given, expected) => {
    expect(durationMs(given, "ttl")).toBe(expected);
  });

  it.each([...refusedByBoth, "5mb"])("refuses %s", (given) => {
    expect(() => durationMs(given, "regions.users.ttl")).toThrow(ConfigurationError);
    expect(() => durationMs(given, "regions.users.ttl")).toThrow(
      /^regions\.users\.ttl: expected milliseconds or a text/,
    );
  });
});

describe("sizeBytes", () => {
  it.each([
    [0, 0],
    [1024, 1024],
    [0.5, 1],
    ["512b", 512],
    ["4kb", 4096],
    ["1.5mb", 1_572_864],
    ["2GB", 2_147_483_648],
    ["1tb", 1_099_511_627_776],
    ["0.0001kb", 1],
  ])("%s is %d bytes", (given, expected) => {
    expect(sizeBytes(given, "maxSize")).toBe(expected);
  });

  it.each([...refusedByBoth, "5ms"])("refuses %s", (given) => {
    expect(() => sizeBytes(given, "maxSize")).toThrow(/^maxSize: expected bytes or a text/);
  });
});

test.each([
  [durationMs, "5 minutes", "5m"],
  [durationMs, "10 Seconds", "10s"],
  [durationMs, "1.5hrs", "1.5h"],
  [durationMs, "250 millis", "250ms"],
  [durationMs, "2 days ago", "2d"],
  [sizeBytes, "10 megabytes", "10mb"],
  [sizeBytes, "4k", "4kb"],
  [sizeBytes, "1GiB", "1gb"],
])("%o: %j was meant for %j", (read, text, meant) => {
  expect(() => read(text, "x")).toThrow(`did you mean "${meant}"?`);
});

test.each(["1 month", "soon", "-5m", "5 parsecs"])("nobody knows what %j was meant for", (text) => {
  expect(() => durationMs(text, "x")).toThrow(/received "[^"]+"$/);
});

test.each([
  [0, "0ms"],
  [1.5, "1.5ms"],
  [250, "250ms"],
  [90_000, "90s"],
  [300_000, "5m"],
  [2 * 86_400_000, "2d"],
  [Number.POSITIVE_INFINITY, "ever"],
])("%d milliseconds read as %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
