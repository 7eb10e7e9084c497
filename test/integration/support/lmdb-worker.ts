// A process that uses an LMDB file, told what to do over IPC: { id, method, args } in, { id, answer | error } out.
import { CachedValue, createRegion, type LeaseAnswer, stack } from "@cascata/core";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";
import { pause } from "../../../packages/lmdb/src/pause.ts";

const [path = "", maxSize = "64mb"] = process.argv.slice(2);
const backend = new LmdbBackend({ path, maxSize: maxSize as `${number}mb` });
const region = createRegion({
  name: "r",
  backend: stack(new MemoryBackend({ maxEntries: 10_000 }), backend),
  ttl: "1h",
});
const heard: string[] = [];
const incidents = new Set<string>();
backend.watch(({ what }) => void incidents.add(what));
const mutexes = new Map<string, ReturnType<LmdbBackend["getMutex"]>>();

function entry(payload: unknown): CachedValue {
  const now = Date.now();
  return new CachedValue(payload, { createdAt: now, startedAt: now, formatVersion: 1, ttl: 3_600_000 });
}

const methods = {
  async read(keys: string[]): Promise<unknown[]> {
    return (await backend.getMulti(keys)).map((found) => (found instanceof CachedValue ? found.payload : null));
  },
  async set(key: string, payload: unknown, ticket?: string): Promise<unknown> {
    return backend.set(key, entry(payload), ticket === undefined ? {} : { ticket });
  },
  /** When a set began, and when it was done. */
  async timed(): Promise<[number, number]> {
    const beganAt = Date.now();
    await methods.set("timed", 1);
    return [beganAt, Date.now()];
  },
  /** Opens another file, and says what it has for the key. */
  async readFrom(other: string, key: string): Promise<unknown> {
    const opened = new LmdbBackend({ path: other });
    const found = await opened.get(key);
    await opened.close();
    return found instanceof CachedValue ? found.payload : null;
  },
  async delete(key: string): Promise<unknown> {
    return backend.delete(key, { sender: String(process.pid) });
  },
  async lease(key: string, token: string, ms: number): Promise<LeaseAnswer | null> {
    const answers: LeaseAnswer[] = [];
    await backend.get(key, { lease: { token, ms, answer: (_, one) => void answers.push(one) } });
    return answers[0] ?? null;
  },
  async ticket(key: string): Promise<string> {
    return (await backend.guards.tickets([key]))[0] as string;
  },
  async lock(key: string, wait: boolean): Promise<boolean> {
    const mutex = mutexes.get(key) ?? backend.getMutex(key);
    mutexes.set(key, mutex);
    return mutex.acquire(wait);
  },
  async unlock(key: string): Promise<void> {
    await mutexes.get(key)?.release();
  },
  async listen(): Promise<void> {
    backend.changes.subscribe({
      changed: ({ keys, sender }) => void heard.push(`changed ${keys.join()} by ${sender}`),
      marked: (marks) => void heard.push(`marked ${marks.map(({ name }) => name).join()}`),
      filled: (keys) => void heard.push(`filled ${keys.join()}`),
      silent: () => void heard.push("silent"),
      resumed: () => void heard.push("resumed"),
      uncertain: (reason) => void heard.push(`uncertain ${reason}`),
    });
  },
  async incidents(): Promise<string[]> {
    return [...incidents];
  },
  async heard(): Promise<string[]> {
    return heard;
  },
  /** Reads, and keeps the snapshot for so long, as a process does that is stopped within a read. */
  async readSlowly(ms: number): Promise<void> {
    void backend.get("a");
    pause(ms);
  },
  /** Writes `count` keys of its own, one transaction each; answers with how many had each outcome. */
  async writeMany(name: string, count: number, bytes: number): Promise<string[]> {
    const outcomes: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const stored = async () => backend.set(`${name}${index}`, entry(`${index} ${"x".repeat(bytes)}`));
      const outcome = await stored().catch(() => ({ status: "failed" }));
      outcomes[outcome.status] = (outcomes[outcome.status] ?? 0) + 1;
      if (index % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return Object.entries(outcomes).map(([status, times]) => `${status} ${times}`);
  },
  /** Adds 1 to a counter under the mutex, `count` times: what two do at once would be lost without it. */
  async increment(key: string, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const mutex = backend.getMutex(key);
      await mutex.acquire();
      const found = await backend.get(key);
      await backend.set(key, entry(found instanceof CachedValue ? (found.payload as number) + 1 : 1));
      await mutex.release();
    }
  },
  /** Many callers at once for one key of the region; answers with how often this process created and what they got. */
  async stampede(key: string, callers: number, creatorMs: number): Promise<{ created: number; values: unknown[] }> {
    let created = 0;
    const creator = async () => {
      created += 1;
      await new Promise((resolve) => setTimeout(resolve, creatorMs));
      return `made by ${process.pid}`;
    };
    const all = await Promise.all(Array.from({ length: callers }, () => region.getOrCreate(key, creator)));
    return { created, values: [...new Set(all)] };
  },
  async regionGet(key: string): Promise<unknown> {
    const found = await region.get(key);
    return typeof found === "object" ? null : found;
  },
  async regionSet(key: string, value: unknown): Promise<void> {
    await region.set(key, value);
  },
  async regionDelete(key: string): Promise<unknown> {
    return (await region.delete(key)).confirmed;
  },
  /** Writes for ever, telling each key that has been answered for; ended by a kill. */
  async writeUntilKilled(name: string): Promise<void> {
    for (let index = 0; ; index += 1) {
      await backend.set(`${name}${index}`, entry(index));
      if (index % 10 === 9) process.send?.({ told: index });
      if (index % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
  },
  async close(): Promise<void> {
    await region.close();
    await backend.close();
    process.disconnect();
  },
};

const reply = (message: object) => process.connected && process.send?.(message);

process.on("message", ({ id, method, args }: { id: number; method: keyof typeof methods; args: never[] }) => {
  (methods[method] as (...all: never[]) => Promise<unknown>)(...args).then(
    (answer) => reply({ id, answer }),
    (error: unknown) =>
      process.send?.({ id, error: error instanceof Error ? `${error.name}: ${error.message}` : error }),
  );
});
process.send?.({ ready: true });
