import { connect, createServer, type Server, type Socket } from "node:net";
import { OrderedPipe, type PipeConditions } from "./ordered-pipe.ts";

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  readonly toServer: OrderedPipe;
  readonly toClient: OrderedPipe;
}

/** A direction of the bytes through a proxy. */
export type Direction = "toServer" | "toClient";

/**
 * A TCP proxy on loopback that does to a connection what networks do: it delays, swallows, cuts, resets and refuses. Within
 * a direction of a connection bytes keep their order and none is lost short of a cut, as TCP promises.
 */
export class TcpProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly #target: { readonly host: string; readonly port: number };
  readonly #connections = new Set<Connection>();
  readonly #held = new Set<Direction>();
  #listener: Server | undefined;
  #port = 0;
  #latencyMs = 0;
  #accepted = 0;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  /** Starts a proxy on a free port, in front of `port` on loopback (or of another host). */
  static async start(target: { readonly port: number; readonly host?: string }): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host: target.host ?? "127.0.0.1", port: target.port });
    await proxy.accept();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Such as `redis://127.0.0.1:40123`. */
  get url(): string {
    return `redis://${this.host}:${this.#port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections taken since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Bytes taken from either side and not yet passed on. */
  get waitingBytes(): number {
    let sum = 0;
    for (const { toServer, toClient } of this.#connections) sum += toServer.waitingBytes + toClient.waitingBytes;
    return sum;
  }

  /** Delays each byte, in each direction, by so many milliseconds from when it arrives; 0 turns it off. */
  setLatency(milliseconds: number): void {
    this.#latencyMs = milliseconds;
  }

  /**
   * Lets connections stand and new ones come, but passes nothing on, in one direction or both, until {@link heal}; what
   * arrived meanwhile is then delivered in order, as retransmission would.
   */
  blackHole(direction?: Direction): void {
    for (const each of directions(direction)) this.#held.add(each);
  }

  /** Ends black holes and latency. */
  heal(): void {
    this.#held.clear();
    this.#latencyMs = 0;
    for (const { toServer, toClient } of this.#connections) {
      toServer.pump();
      toClient.pump();
    }
  }

  /** Closes every open connection (FIN to both sides), losing what was on its way. New ones may come. */
  cut(): void {
    this.#closeAll((socket) => socket.destroy());
  }

  /** Resets every open connection (RST to both sides). New ones may come. */
  reset(): void {
    this.#closeAll((socket) => socket.resetAndDestroy());
  }

  /** Stops listening: a new connection is refused. Open ones go on. */
  async refuse(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    // `close` calls back only after the last connection; the port itself is free at once.
    await new Promise<void>((resolve) => {
      listener.close();
      setImmediate(resolve);
    });
  }

  /** Listens (again), on the same port. */
  async accept(): Promise<void> {
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#open(client));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(this.#port, this.host, () => {
        const address = listener.address();
        if (address !== null && typeof address === "object") this.#port = address.port;
        resolve();
      });
    });
    this.#listener = listener;
  }

  async stop(): Promise<void> {
    await this.refuse();
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #conditions(direction: Direction): PipeConditions {
    return { latencyMs: this.#latencyMs, held: this.#held.has(direction) };
  }

  #open(client: Socket): void {
    this.#accepted++;
    const server = connect({ ...this.#target, allowHalfOpen: true });
    client.setNoDelay(true);
    server.setNoDelay(true);
    const toServer = new OrderedPipe(client, server, () => this.#conditions("toServer"));
    const toClient = new OrderedPipe(server, client, () => this.#conditions("toClient"));
    const connection = { client, server, toServer, toClient };
    this.#connections.add(connection);
    const forget = (): void => {
      toServer.close();
      toClient.close();
      this.#connections.delete(connection);
    };
    let closed = 0;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // An error on one side (a reset, a refused target) reaches the other as a reset.
      socket.on("error", () => {
        forget();
        other.resetAndDestroy();
      });
      socket.on("close", () => {
        if (++closed === 2) forget();
      });
    }
  }

  #closeAll(close: (socket: Socket) => void): void {
    for (const { client, server } of [...this.#connections]) {
      close(client);
      close(server);
    }
    this.#connections.clear();
  }
}

function directions(direction: Direction | undefined): readonly Direction[] {
  return direction === undefined ? ["toServer", "toClient"] : [direction];
}
