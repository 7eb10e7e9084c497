import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** A port of the loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A Redis that things happen to, on a port of its own, without persistence. */
export class OutageServer implements AsyncDisposable {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  readonly #abandon = (): void => void this.#child?.kill("SIGKILL");

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  /** Only the port and the folder; nothing answers before {@link start}. */
  static async prepare(): Promise<OutageServer> {
    return new OutageServer(await freePort(), await mkdtemp(join(tmpdir(), "cascata-outage-")));
  }

  async start(): Promise<void> {
    const settings = { port: String(this.port), bind: "127.0.0.1", save: "", appendonly: "no", dir: this.#folder };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const named = process.env["REDIS_SERVER"];
    this.#child = spawn(named === undefined || named === "" ? "redis-server" : named, args, { stdio: "ignore" });
    // Whatever ends the bench ends its servers.
    process.once("exit", this.#abandon);
    for (let attempt = 0; (await this.#said("PING")) !== "+PONG"; attempt += 1) {
      if (attempt === 200) throw new Error("redis-server does not answer");
      await wait(25);
    }
  }

  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off("exit", this.#abandon);
    if (child === undefined) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** One inline command. @throws Error with the server's refusal */
  async command(line: string): Promise<void> {
    const said = await this.#said(line);
    if (!said.startsWith("+")) throw new Error(`${line}: ${said}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The first line of the answer; empty where nobody answers. */
  #said(line: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: this.port });
      let text = "";
      socket.setEncoding("utf8");
      socket.setTimeout(1000, () => socket.destroy());
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text.split("\r\n")[0] ?? ""));
      socket.on("data", (part: string) => {
        text += part;
        if (text.includes("\r\n")) socket.destroy();
      });
      socket.write(`${line}\r\n`);
    });
  }
}
