// A thread with memory of its own over a store that it shares with others, which announces nothing. Told what to do by
// messages: { id, method, args } in, { id, answer | error } out. The store is the main thread's, over a port of its own.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createRegion, stack } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { MemoryBackend } from "@cascata/memory";
import { broadcastBus, publish } from "@cascata/proxies";

const { store: port, channel } = workerData as { readonly store: MessagePort; readonly channel: string };
const waiting = new Map<number, (answer: unknown) => void>();
let asked = 0;

function ask(method: string, ...args: readonly unknown[]): Promise<unknown> {
  asked += 1;
  port.postMessage({ id: asked, method, args });
  return new Promise((resolve) => waiting.set(asked, resolve));
}

port.on("message", ({ id, answer }: { readonly id: number; readonly answer: unknown }) => {
  waiting.get(id)?.(answer);
  waiting.delete(id);
});

const store = {
  get: (key: string) => ask("get", key),
  set: (key: string, value: unknown) => ask("set", key, value),
  delete: (key: string) => ask("delete", key),
  clear: () => ask("clear"),
};
const shared = publish({ bus: broadcastBus({ channel }), heartbeat: "600ms" })(
  new KeyvBackend({ store, deadline: "5s" }),
);
const region = createRegion({
  name: "r",
  backend: stack(new MemoryBackend({ maxEntries: 1000 }), shared),
  ttl: "1h",
  isolation: "share",
});

const methods: Readonly<Record<string, (...args: never[]) => unknown>> = {
  live: () => shared.changes?.live === true,
  get: async (key: string) => {
    const found = await region.get(key);
    return typeof found === "number" ? found : "nothing";
  },
  peek: (key: string) => {
    const found = region.peek(key);
    return typeof found === "number" ? found : "nothing";
  },
  set: async (key: string, value: number) => (await region.set(key, value, { tags: ["t"] })).confirmed,
  delete: async (key: string) => (await region.delete(key)).confirmed,
  invalidate: async () => (await region.invalidateTags(["t"], { hard: true })).confirmed,
  close: async () => {
    await region.close();
    await shared.close();
    return "closed";
  },
  /** Nothing is closed, and nobody listens any more: what is left must not keep the thread alive. */
  leave: () => {
    port.unref();
    parentPort?.unref();
    return "left";
  },
};

parentPort?.on("message", ({ id, method, args }: { id: number; method: string; args: never[] }) => {
  Promise.resolve(methods[method]?.(...args)).then(
    (answer) => parentPort?.postMessage({ id, answer }),
    (error: unknown) => parentPort?.postMessage({ id, error: String(error) }),
  );
});
