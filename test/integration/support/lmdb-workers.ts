import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const source = fileURLToPath(new URL("lmdb-worker.ts", import.meta.url));
// Inside the package, so that `lmdb` resolves from there as it does for the package itself.
const folder = fileURLToPath(new URL("../../../packages/lmdb/node_modules/.cache/", import.meta.url));

/** Bundles the worker from source once; answers with the file that can be forked on any supported Node. */
export async function buildWorker(): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = `${folder}lmdb-worker-${process.pid}.mjs`;
  await build({
    input: source,
    platform: "node",
    external: [/^node:/, "lmdb"],
    resolve: { conditionNames: ["@cascata/source", "node", "import"] },
    output: { file, format: "esm" },
    logLevel: "silent",
  });
  return file;
}

/** A process that uses an LMDB file. */
export class Worker {
  readonly process: ChildProcess;
  readonly told: number[] = [];
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly exited: Promise<void>;
  #count = 0;

  private constructor(child: ChildProcess) {
    this.process = child;
    this.exited = new Promise((resolve) => {
      child.on("exit", () => {
        for (const { reject } of this.#waiting.values()) reject(new Error("the worker is gone"));
        this.#waiting.clear();
        resolve();
      });
    });
    child.on("message", (message: { id?: number; answer?: unknown; error?: unknown; told?: number }) => {
      if (message.told !== undefined) this.told.push(message.told);
      const waiting = this.#waiting.get(message.id ?? -1);
      this.#waiting.delete(message.id ?? -1);
      if (message.error !== undefined) waiting?.reject(new Error(String(message.error)));
      else waiting?.resolve(message.answer);
    });
  }

  static async start(file: string, path: string, maxSize = "64mb"): Promise<Worker> {
    const child = fork(file, [path, maxSize], { execArgv: [], stdio: ["ignore", "inherit", "pipe", "ipc"] });
    let errors = "";
    child.stderr?.on("data", (text: Buffer) => {
      errors = (errors + text.toString()).slice(-2000);
    });
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("close", (code) => reject(new Error(`the worker ended with ${code}: ${errors}`)));
    });
    return new Worker(child);
  }

  call<T = unknown>(method: string, ...args: unknown[]): Promise<T> {
    this.#count += 1;
    const id = this.#count;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.process.send({ id, method, args });
    });
  }

  async close(): Promise<void> {
    this.call("close").catch(() => undefined);
    await this.exited;
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
  }
}
