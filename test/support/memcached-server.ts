import { connect } from "node:net";
import { userInfo } from "node:os";
import { requireServer } from "./needs.ts";
import { ServerProcess } from "./server-process.ts";

/** Starts a real Memcached on a free loopback port and waits until it answers. Its `port` and the usual ways to stop it are on the result. */
export async function startMemcachedServer(args: readonly string[] = []): Promise<ServerProcess> {
  // Memcached refuses to run as root unless told whom to become.
  const user = userInfo().uid === 0 ? ["-u", "nobody"] : [];
  return await ServerProcess.start({
    name: "memcached",
    binary: requireServer("memcached"),
    args: (port) => ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", "64", ...user, ...args],
    answers: memcachedAnswers,
  });
}

async function memcachedAnswers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(2000, () => end(false));
    socket.on("error", () => end(false));
    socket.on("data", (chunk) => end(chunk.toString("latin1").startsWith("VERSION")));
    socket.write("version\r\n");
  });
}
