import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

/** What distinguishes one kind of server from another. */
export interface ServerRecipe {
  readonly name: string;
  readonly binary: string;
  /** The command line for a port and a folder of its own. */
  readonly args: (port: number, folder: string) => readonly string[] | Promise<readonly string[]>;
  /** Whether the server on this port answers. */
  readonly answers: (port: number) => Promise<boolean>;
  /** A fixed port; a free one otherwise. */
  readonly port?: number;
}

/**
 * A server of the machine's own, run as a child on a loopback port with its data in a temporary folder. Everything is
 * done by the child's own pid. If the test process dies, however it dies, the server dies with it.
 */
export class ServerProcess implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly folder: string;
  readonly #recipe: ServerRecipe;
  #port: number;
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;
  #log = "";

  private constructor(recipe: ServerRecipe, port: number, folder: string) {
    this.#recipe = recipe;
    this.#port = port;
    this.folder = folder;
  }

  /** Starts the server and waits until it answers. */
  static async start(recipe: ServerRecipe): Promise<ServerProcess> {
    const folder = await mkdtemp(join(tmpdir(), `cascata-${recipe.name}-`));
    const server = new ServerProcess(recipe, recipe.port ?? (await freePort()), folder);
    // Between asking for a free port and binding it, somebody else may take it.
    for (let attempt = 1; ; attempt++) {
      try {
        await server.#launch();
        return server;
      } catch (error) {
        if (recipe.port !== undefined || attempt === 3) {
          await server.stop();
          throw error;
        }
        server.#port = await freePort();
      }
    }
  }

  get port(): number {
    return this.#port;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What the server printed, for a failing test's message. */
  get log(): string {
    return this.#log;
  }

  /** Stops the process in its tracks (SIGSTOP): connections stay open, nothing answers. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Lets a paused process go on. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the process at once (SIGKILL), as a crash would; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the process if it runs, then starts it on the same port and folder. */
  async restart(): Promise<void> {
    await this.#end("SIGTERM");
    await this.#launch();
  }

  /** Ends the process in good order and removes its folder. Idempotent. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #launch(): Promise<void> {
    const { name, binary, args, answers } = this.#recipe;
    const child = spawn(binary, await args(this.#port, this.folder), { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let gone: string | undefined;
    const keep = (text: string): void => {
      this.#log = (this.#log + text).slice(-20_000);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.once("error", (error) => {
      gone = error.message;
    });
    child.once("exit", (code, signal) => {
      gone = `exit ${code ?? signal}`;
      if (this.#child === child) this.#child = undefined;
    });
    this.#watch(child);
    await until(`${name} on port ${this.#port} answers`, async () => gone !== undefined || (await answers(this.#port)));
    if (gone !== undefined) {
      this.#watcher?.kill("SIGKILL");
      throw new Error(`${name} on port ${this.#port} ended at once (${gone})\n${this.#log}`);
    }
  }

  /** The watcher's input closes when this process is gone, even by SIGKILL; then it ends the server. */
  #watch(child: ChildProcess): void {
    if (child.pid === undefined || process.platform === "win32") return;
    const watcher = spawn("/bin/sh", ["-c", `cat >/dev/null; kill -9 ${child.pid}`], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    watcher.unref();
    if (watcher.stdin instanceof Socket) watcher.stdin.unref();
    this.#watcher = watcher;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    // The watcher goes first, and by its group (it waits in `cat`): a later process may get the server's pid.
    if (this.#watcher?.pid !== undefined) killGroup(this.#watcher.pid);
    this.#watcher = undefined;
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGCONT");
    child.kill(signal);
    const impatient = setTimeout(() => child.kill("SIGKILL"), 3000);
    await gone;
    clearTimeout(impatient);
    this.#child = undefined;
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}
