import { connect, createServer, type Server, type Socket } from "node:net";

interface Held {
  readonly at: number;
  readonly bytes: Buffer;
}

/** A TCP link that delays every byte, or holds all of them; in each direction bytes keep their order. */
export class SlowLink implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Milliseconds in each direction; `Infinity` holds everything until it is less. */
  delayMs = 0;

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const server = connect({ host: "127.0.0.1", port: target });
      this.#carry(client, server);
      this.#carry(server, client);
    });
  }

  static async open(target: number): Promise<SlowLink> {
    const link = new SlowLink(target);
    await new Promise<void>((resolve) => link.#server.listen(0, "127.0.0.1", resolve));
    return link;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(from: Socket, to: Socket): void {
    const held: Held[] = [];
    this.#sockets.add(from);
    from.setNoDelay(true);
    const pump = setInterval(() => {
      const due = performance.now() - this.delayMs;
      while (held[0] !== undefined && held[0].at <= due) to.write((held.shift() as Held).bytes);
    }, 2);
    from.on("data", (bytes: Buffer) => {
      if (this.delayMs === 0 && held.length === 0) to.write(bytes);
      else held.push({ at: performance.now(), bytes });
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      clearInterval(pump);
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
