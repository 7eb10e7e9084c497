import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

let echo: Server;
let proxy: TcpProxy;
let echoPort: number;
const clients: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.pipe(socket);
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const address = echo.address();
  if (address === null || typeof address !== "object") throw new Error("no port");
  echoPort = address.port;
  proxy = await TcpProxy.start({ port: echoPort });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.stop();
  echo.close();
});

interface Client {
  readonly socket: Socket;
  readonly received: () => string;
  readonly ended: () => string | undefined;
}

async function openClient(): Promise<Client> {
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  clients.push(socket);
  let text = "";
  let ended: string | undefined;
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    ended ??= error.code ?? "error";
  });
  socket.on("close", () => {
    ended ??= "closed";
  });
  await once(socket, "connect");
  return { socket, received: () => text, ended: () => ended };
}

describe("TcpProxy", () => {
  test("passes bytes both ways and closes with its client", async () => {
    const client = await openClient();
    client.socket.write("hello");
    await until("the echo comes", () => client.received() === "hello");
    expect(proxy.connections).toBe(1);
    client.socket.end();
    await until("the connection is gone", () => proxy.connections === 0 && client.ended() === "closed");
    expect(proxy.accepted).toBe(1);
  });

  test("delays by the latency, and bytes keep their order when the latency shrinks", async () => {
    const client = await openClient();
    proxy.setLatency(60);
    const start = performance.now();
    client.socket.write("first ");
    await until("the proxy has the first bytes", () => proxy.waitingBytes === 6);
    proxy.setLatency(0);
    client.socket.write("second");
    await until("the second bytes wait behind them", () => proxy.waitingBytes === 12);
    await until("both arrive", () => client.received().length === 12);
    expect(client.received()).toBe("first second");
    expect(performance.now() - start).toBeGreaterThanOrEqual(59);
  });

  test("keeps a long stream whole and in order through latency, a black hole and healing", async () => {
    const client = await openClient();
    const text = Array.from({ length: 200_000 }, (_, i) => `${i};`).join("");
    proxy.setLatency(5);
    client.socket.write(text.slice(0, 300_000));
    proxy.blackHole("toClient");
    client.socket.write(text.slice(300_000));
    await until("bytes wait in the black hole", () => proxy.waitingBytes > 300_000);
    proxy.heal();
    await until("all of it came back", () => client.received().length === text.length);
    expect(client.received()).toBe(text);
  });

  test("a black hole swallows nothing for ever: it delivers once healed", async () => {
    const client = await openClient();
    client.socket.write("a");
    await until("a came", () => client.received() === "a");
    proxy.blackHole("toServer");
    client.socket.write("b");
    const second = await openClient();
    second.socket.write("c");
    await until("the second connection stands", () => proxy.accepted === 2);
    expect(client.received()).toBe("a");
    expect(second.received()).toBe("");
    proxy.heal();
    await until("both came", () => client.received() === "ab" && second.received() === "c");
  });

  test("cut closes, reset resets, and new connections may come after either", async () => {
    const cut = await openClient();
    await until("taken", () => proxy.connections === 1);
    proxy.cut();
    await until("closed", () => cut.ended() === "closed");

    const reset = await openClient();
    await until("taken", () => proxy.connections === 1);
    proxy.reset();
    await until("reset", () => reset.ended() === "ECONNRESET");

    const third = await openClient();
    third.socket.write("x");
    await until("x came", () => third.received() === "x");
  });

  test("refuse turns new connections away and leaves open ones; accept takes the same port", async () => {
    const open = await openClient();
    await until("taken", () => proxy.connections === 1);
    const port = proxy.port;
    await proxy.refuse();
    await expect(openClient()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    open.socket.write("still");
    await until("still came", () => open.received() === "still");
    await proxy.accept();
    expect(proxy.port).toBe(port);
    const again = await openClient();
    again.socket.write("again");
    await until("again came", () => again.received() === "again");
  });

  test("a target that refuses shows as a reset", async () => {
    echo.close();
    const client = await openClient();
    await until("reset", () => client.ended() === "ECONNRESET");
  });
});
