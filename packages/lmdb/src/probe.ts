import { spawn } from "node:child_process";
import { gatePath } from "./gate.ts";
import { treeNames } from "./trees.ts";

/** How long a trial opening may take before the file counts as damaged. */
export const probeLimitMs = 15_000;

// Runs in a child of its own, so it is text: it must not depend on how this package was built or bundled. It opens the file
// as we do, reads the trees, for two seconds at most, and tries to write, without a commit; a torn one ends it with an error
// or a signal. Others may be writing to the file meanwhile, so it keeps no snapshot for long: pages that a snapshot shows
// can't be reused.
const trial = `
const [lmdb, path, gate, ...trees] = process.argv.slice(1);
const { ABORT, open } = await import(lmdb);
const options = { path, noSubdir: true, keyEncoding: "binary", encoding: "binary", maxDbs: 16, maxReaders: 1024, overlappingSync: false };
// As the opening proper: nobody may write while a file is opened.
const lock = open({ path: gate, noSubdir: true, maxReaders: 1024, mapSize: 65536, overlappingSync: false });
const root = lock.transactionSync(() => open(options), 1);
const names = [...root.getKeys({ snapshot: false })].map((key) => Buffer.from(key).toString("latin1")).filter((name) => /^tree-/.test(name));
const until = performance.now() + 2000;
let read = 0;
for (const name of names) {
  const tree = root.openDB({ name, keyEncoding: "binary", encoding: "binary", create: false });
  for (let start = Buffer.alloc(0), more = true; more && performance.now() < until; root.resetReadTxn()) {
    more = false;
    for (const { key, value } of tree.getRange({ start, limit: 200 })) {
      more = Buffer.compare(start, key) !== 0 || more;
      start = Buffer.from(key);
      read += value.length;
    }
  }
}
// A page can be torn so that it looks empty to a reader, and ends the process that writes to it.
const touched = ["state", ...trees.filter((name) => !names.includes(name))].map((name) => Buffer.from(name));
lock.transactionSync(() => root.transactionSync(() => {
  for (const key of touched) root.putSync(key, Buffer.alloc(60));
  return ABORT;
}, 1), 1);
await root.close();
process.stdout.write("whole");
process.exit(0);
`;

/**
 * Opens, reads and tries to write the file in a child process, because LMDB ends the process on a damaged one.
 * @returns what is wrong with it, or `undefined`
 */
export function probeFile(path: string, limitMs: number = probeLimitMs): Promise<string | undefined> {
  return new Promise((resolve) => {
    const names = treeNames.map((name) => `tree-${name}`);
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", trial, import.meta.resolve("lmdb"), path, gatePath(path), ...names],
      {
        stdio: ["ignore", "pipe", "pipe"],
        timeout: limitMs,
        killSignal: "SIGKILL",
        // Without the parent's loaders and inspector; the second makes Electron behave as Node.
        env: { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" },
      },
    );
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].on("data", (text: Buffer) => {
        said[stream] = (said[stream] + text.toString()).slice(-500);
      });
    }
    child.on("error", (error) => resolve(`a trial opening in a child process could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (code === 0 && said.stdout === "whole") return resolve(undefined);
      if (signal === "SIGKILL") return resolve(`LMDB did not get through it within ${limitMs} ms`);
      return resolve(`LMDB can't read it (${signal ?? `exit code ${code}`}${reasonIn(said.stderr)})`);
    });
  });
}

function reasonIn(errors: string): string {
  const line = /^\w*Error: .+$/m.exec(errors)?.[0];
  return line === undefined ? "" : `, ${line}`;
}
