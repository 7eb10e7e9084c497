import { ConfigurationError, NO_VALUE } from "@cascata/core";
import { NullBackend } from "@cascata/memory";
import { expect, test } from "vitest";

test("reads miss, writes are done, at once", () => {
  const backend = new NullBackend();
  expect(backend.set()).toBeUndefined();
  expect(backend.setMulti()).toBeUndefined();
  expect(backend.get("k")).toBe(NO_VALUE);
  expect(backend.getMulti(["k", "l", "k"])).toEqual([NO_VALUE, NO_VALUE, NO_VALUE]);
  expect(backend.delete()).toBeUndefined();
  expect(backend.deleteMulti()).toBeUndefined();
  expect(backend.clear()).toBeUndefined();
  expect(backend.close()).toBeUndefined();
  expect(backend).toMatchObject({ name: "null", remote: false, shared: false, byReference: false });
});

test("its lock always grants and is never held", () => {
  const backend = new NullBackend({ name: "off" });
  const mutex = backend.getMutex("k");
  expect([mutex.acquire(), mutex.acquire(false), backend.getMutex("k").acquire()]).toEqual([true, true, true]);
  expect(mutex.locked()).toBe(false);
  expect(mutex.release()).toBeUndefined();
  expect(backend.name).toBe("off");
});

test("it takes a name and nothing else", () => {
  expect(() => new NullBackend({ nmae: "off" } as never)).toThrow(ConfigurationError);
  expect(() => new NullBackend({ name: "" })).toThrow(/null\.name/);
});
