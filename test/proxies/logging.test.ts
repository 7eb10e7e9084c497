import { BackendError, ConfigurationError, NO_VALUE, ReadFailure } from "@cascata/core";
import { type CallRecord, type LoggingOptions, logging } from "@cascata/proxies";
import { ManualClock, ProbeBackend } from "@cascata/testing";
import { expect, test } from "vitest";
import { entryOf, outcomeOf, wrapped } from "./support.ts";

function setUp(options: LoggingOptions = {}) {
  const clock = new ManualClock();
  const lines: (readonly [level: string, message: string, record: CallRecord])[] = [];
  const logger = {
    debug: (message: string, record: CallRecord) => void lines.push(["debug", message, record]),
    warn: (message: string, record: CallRecord) => void lines.push(["warn", message, record]),
  };
  return { clock, lines, ...wrapped(logging({ clock, logger, ...options }), new ProbeBackend()) };
}

test("says nothing of what went well", async () => {
  const { lines, proxy } = setUp();
  await proxy.set("secret", entryOf("secret"));
  expect(await proxy.get("nothing")).toBe(NO_VALUE);
  expect(lines).toEqual([]);
});

test("warns of failures, thrown and answered, without keys or values", async () => {
  const { lines, proxy, backend } = setUp();
  const error = new BackendError("probe", "get", 1, new Error("broken"));
  backend.script = (key) => (key === "secret" ? new ReadFailure("probe", error) : undefined);
  await proxy.getMulti(["secret", "fine"]);
  backend.failure = new Error("down");
  await outcomeOf(() => proxy.set("secret", entryOf("secret")));
  expect(lines).toEqual([
    [
      "warn",
      "probe: getMulti of 2 took 0.0 ms, 1 failed: probe: get of 1 key failed: broken",
      { backend: "probe", operation: "getMulti", keyCount: 2, ms: 0, failures: 1, error },
    ],
    [
      "warn",
      "probe: set of 1 took 0.0 ms, 1 failed: down",
      { backend: "probe", operation: "set", keyCount: 1, ms: 0, failures: 1, error: backend.failure },
    ],
  ]);
  expect(JSON.stringify(lines)).not.toContain("secret");
});

test("warns of slow calls", async () => {
  const { clock, lines, proxy, backend } = setUp({ slow: "50ms" });
  const wait = (ms: number) => new Promise<void>((resolve) => void clock.schedule(resolve, ms));
  backend.get = async () => {
    await wait(50);
    return NO_VALUE;
  };
  const found = proxy.get("a");
  await clock.advance(50);
  await found;
  expect(lines).toMatchObject([["warn", "probe: get of 1 took 50.0 ms", { ms: 50, failures: 0 }]]);
});

test("tells all, with keys, where that is asked for", async () => {
  const { lines, proxy } = setUp({ what: "all", keys: true });
  await proxy.deleteMulti(["a", "b"]);
  expect(lines).toMatchObject([["debug", "probe: deleteMulti of 2 took 0.0 ms", { keys: ["a", "b"] }]]);
});

test("a logger that throws harms no call", async () => {
  const broken = () => {
    throw new Error("disk full");
  };
  const { proxy } = setUp({ what: "all", logger: { debug: broken, warn: broken } });
  expect(await proxy.get("a")).toBe(NO_VALUE);
});

test.each([
  [{ what: "everything" }, "logging.what"],
  [{ keys: 1 }, "logging.keys"],
  [{ logger: {} }, "logging.logger"],
  [{ slow: "x" }, "logging.slow"],
  [{ slo: 5 }, 'did you mean "slow"?'],
])("refuses %j", (options, says) => {
  expect(() => logging(options as never)).toThrow(ConfigurationError);
  expect(() => logging(options as never)).toThrow(says);
});
