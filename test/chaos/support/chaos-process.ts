import { type ChildProcess, fork } from "node:child_process";
import { until } from "../../support/until.ts";
import { bundled } from "./bundle.ts";
import type { ProcessSettings } from "./process-region.ts";

/** A worker process, seen from the test. */
export class ChaosProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  readonly #gone: Promise<void>;
  #count = 0;
  #errors = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on("data", (text: Buffer) => {
      this.#errors = (this.#errors + text.toString()).slice(-4000);
    });
    this.#gone = new Promise((resolve) => {
      child.on("exit", (code, signal) => {
        const error = new Error(`the worker ended with ${code ?? signal}: ${this.#errors}`);
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
        resolve();
      });
    });
    child.on("message", (message: { id?: number; answer?: unknown; error?: string; ready?: true }) => {
      const id = message.ready === true ? 0 : (message.id ?? -1);
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (message.error !== undefined) waiting?.reject(new Error(message.error));
      else waiting?.resolve(message.answer);
    });
  }

  /** Starts a process with these settings. */
  static async start(settings: ProcessSettings): Promise<ChaosProcess> {
    const file = await bundled("worker");
    const stdio = ["ignore", "inherit", "pipe", "ipc"] as const;
    const child = fork(file, [JSON.stringify(settings)], {
      execArgv: ["--expose-gc"],
      stdio: [...stdio],
      serialization: "advanced",
    });
    const worker = new ChaosProcess(child);
    await new Promise((resolve, reject) => worker.#waiting.set(0, { resolve, reject }));
    return worker;
  }

  call<T = unknown>(method: string, ...args: readonly unknown[]): Promise<T> {
    this.#count += 1;
    const id = this.#count;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, method, args });
    });
  }

  /** Waits until data and feed are there. */
  async live(): Promise<void> {
    await until("a worker hears the feed", () => this.call<boolean>("live"));
  }

  /** SIGSTOP. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** In good order; by force when that takes more than ten seconds. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.resume();
    const impatient = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    if (this.#child.connected) this.call("close").catch(() => undefined);
    await this.#gone;
    clearTimeout(impatient);
  }
}
