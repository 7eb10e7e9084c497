import { connect, type Socket } from "node:net";
import { redisCommand } from "./resp.ts";
import { until } from "./until.ts";

/** What a server was asked, as `MONITOR` tells it: command and arguments, in the order of execution. */
export class RedisMonitor implements AsyncDisposable {
  readonly #port: number;
  readonly #socket: Socket;
  #seen: (readonly string[])[] = [];
  #marks = 0;

  private constructor(port: number, socket: Socket) {
    this.#port = port;
    this.#socket = socket;
  }

  /** Begins to listen on the server at this port. */
  static async start(port: number): Promise<RedisMonitor> {
    const socket = connect({ host: "127.0.0.1", port });
    const monitor = new RedisMonitor(port, socket);
    let text = "";
    let ready = false;
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: string) => {
      text += chunk;
      const lines = text.split("\r\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "+OK") ready = true;
        else monitor.#seen.push(parseMonitorLine(line));
      }
    });
    socket.write("MONITOR\r\n");
    await until("MONITOR is on", () => ready);
    return monitor;
  }

  /**
   * The commands since the start or since the last call, connection set-up aside. Waits for a mark of its own to come by,
   * so that everything that the server executed before the call is there.
   */
  async take(): Promise<readonly (readonly string[])[]> {
    const mark = `cascata-mark-${++this.#marks}`;
    await redisCommand(this.#port, "ECHO", mark);
    await until("the mark comes by", () => this.#seen.some((command) => command[1] === mark));
    const seen = this.#seen;
    this.#seen = [];
    return seen.filter(([name = "", argument]) => argument !== mark && !setUpCommands.has(name.toUpperCase()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

const setUpCommands: ReadonlySet<string> = new Set(["HELLO", "CLIENT", "AUTH", "SELECT", "COMMAND", "MONITOR", "PING"]);

/** `+1700000000.000001 [0 127.0.0.1:4000] "GET" "key"`; commands that a script runs have `lua` for an address. */
function parseMonitorLine(line: string): readonly string[] {
  const quoted = line.matchAll(/"((?:[^"\\]|\\.)*)"/g);
  return [...quoted].map(([, text = ""]) => text.replace(/\\(["\\])/g, "$1"));
}
