import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { build } from "rolldown";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../support/until.ts";

const folder = fileURLToPath(new URL("../../packages/keyv/node_modules/.cache/", import.meta.url));
const file = `${folder}published-thread-${process.pid}.mjs`;
const threads: Thread[] = [];
let channels = 0;

/** One thread and the calls that are made of it. */
class Thread {
  readonly worker: Worker;
  readonly exited: Promise<number>;
  readonly #waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #count = 0;

  constructor(store: Map<string, unknown>, channel: string) {
    const { port1, port2 } = new MessageChannel();
    port1.on("message", ({ id, method, args }: { id: number; method: string; args: [string, unknown] }) => {
      port1.postMessage({ id, answer: onMap(store, method, ...args) });
    });
    port1.unref();
    this.worker = new Worker(file, { workerData: { store: port2, channel }, transferList: [port2], execArgv: [] });
    this.exited = new Promise((resolve) => this.worker.on("exit", resolve));
    this.worker.on("message", ({ id, answer, error }: { id: number; answer: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
    threads.push(this);
  }

  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    this.#count += 1;
    this.worker.postMessage({ id: this.#count, method, args });
    return new Promise((resolve, reject) => this.#waiting.set(this.#count, { resolve, reject }));
  }
}

function onMap(store: Map<string, unknown>, method: string, key: string, value: unknown): unknown {
  if (method === "get") return store.get(key);
  if (method === "set") return void store.set(key, value);
  return method === "delete" ? store.delete(key) : store.clear();
}

async function startPair(): Promise<readonly [Thread, Thread]> {
  const store = new Map<string, unknown>();
  channels += 1;
  const channel = `threads-${process.pid}-${channels}`;
  const pair = [new Thread(store, channel), new Thread(store, channel)] as const;
  for (const thread of pair) await until("the feed is live", async () => (await thread.call("live")) === true, 10_000);
  return pair;
}

describe("two threads over one plain store, with a broadcast channel between them", () => {
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    await build({
      input: fileURLToPath(new URL("support/published-thread.ts", import.meta.url)),
      platform: "node",
      external: [/^node:/, "keyv"],
      resolve: { conditionNames: ["@cascata/source", "node", "import"] },
      output: { file, format: "esm" },
      logLevel: "silent",
    });
  });
  afterEach(async () => {
    await Promise.all(threads.splice(0).map(({ worker }) => worker.terminate()));
  });
  afterAll(() => rmSync(file, { force: true }));

  it("hear of each other's changes: no memory serves what was replaced", async () => {
    const [one, other] = await startPair();
    for (let round = 1; round <= 200; round += 1) {
      const [writer, reader] = round % 2 === 0 ? [one, other] : [other, one];
      expect(await writer.call("set", "a", round)).toBe(true);
      // Nothing is kept near between the announcement and the end of a change, so the first read may not be.
      const isNear = async () =>
        (await reader.call("get", "a")) === round && (await reader.call("peek", "a")) === round;
      await until("the change is heard, and kept near", isNear);
      expect(await writer.call("get", "a")).toBe(round);
    }
    expect(await one.call("delete", "a")).toBe(true);
    await until("the deletion is heard", async () => (await other.call("get", "a")) === "nothing");
  });

  it("hear of each other's invalidations", async () => {
    const [one, other] = await startPair();
    await one.call("set", "a", 1);
    expect(await other.call("get", "a")).toBe(1);
    await pause(2);
    expect(await one.call("invalidate")).toBe(true);
    await until("the mark is heard", async () => (await other.call("get", "a")) === "nothing");
  });

  it("end by themselves: after closing, and without it", async () => {
    const [one, other] = await startPair();
    await one.call("set", "a", 1);
    expect(await one.call("close")).toBe("closed");
    expect(await one.call("leave")).toBe("left");
    expect(await other.call("leave")).toBe("left");
    expect(await Promise.all([one.exited, other.exited])).toEqual([0, 0]);
  });
});
