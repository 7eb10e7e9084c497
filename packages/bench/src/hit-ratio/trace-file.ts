import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const mostBytes = 2 ** 30;

/** Reads a trace: a big-endian 32-bit number an access, `.xz` (needs the `xz` command) or unpacked. */
export async function readTrace(path: string): Promise<{ name: string; requests: Int32Array }> {
  const bytes = path.endsWith(".xz")
    ? (await run("xz", ["-dc", path], { encoding: "buffer", maxBuffer: mostBytes })).stdout
    : await readFile(path);
  const requests = Int32Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readInt32BE(at * 4));
  return { name: basename(path).replace(/(\.trace)?(\.xz)?$/, ""), requests };
}
