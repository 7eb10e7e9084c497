import { OutageServer } from "./server.ts";
import { SlowLink } from "./slow-link.ts";

/** A Redis, how it goes away, and how it comes back. */
export interface Stage extends AsyncDisposable {
  readonly url: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

type Open = () => Promise<Stage>;

const onServer =
  (begin: (server: OutageServer) => unknown, end: (server: OutageServer) => unknown): Open =>
  async () => {
    const server = await OutageServer.prepare();
    await server.start();
    return stage(
      server.port,
      [server],
      () => begin(server),
      () => end(server),
    );
  };

const onLink =
  (delayMs: number): Open =>
  async () => {
    const server = await OutageServer.prepare();
    await server.start();
    const link = await SlowLink.open(server.port);
    const delay = (ms: number) => () => {
      link.delayMs = ms;
    };
    return stage(link.port, [server, link], delay(delayMs), delay(0));
  };

async function openAbsent(): Promise<Stage> {
  const server = await OutageServer.prepare();
  return stage(
    server.port,
    [server],
    () => undefined,
    () => server.start(),
  );
}

function stage(port: number, resources: readonly AsyncDisposable[], begin: () => unknown, end: () => unknown): Stage {
  return {
    url: `redis://127.0.0.1:${port}`,
    begin: async () => void (await begin()),
    end: async () => void (await end()),
    [Symbol.asyncDispose]: async () => {
      for (const one of [...resources].reverse()) await one[Symbol.asyncDispose]();
    },
  };
}

/** The ways in which a single Redis is away, by name. */
export const outages: ReadonlyMap<string, Open> = new Map<string, Open>([
  [
    "paused",
    onServer(
      (server) => server.pause(),
      (server) => server.resume(),
    ),
  ],
  [
    "killed",
    onServer(
      (server) => server.kill(),
      (server) => server.start(),
    ),
  ],
  ["black-holed", onLink(Number.POSITIVE_INFINITY)],
  ["slow (500 ms)", onLink(250)],
  [
    "out of memory",
    onServer(
      (server) => server.command("CONFIG SET maxmemory 1"),
      (server) => server.command("CONFIG SET maxmemory 0"),
    ),
  ],
  [
    "read-only",
    onServer(
      (server) => server.command("REPLICAOF 127.0.0.1 1"),
      (server) => server.command("REPLICAOF NO ONE"),
    ),
  ],
  ["absent at start-up", openAbsent],
]);
