import { spawn } from "node:child_process";
import { abortable, gateOptions } from "./gate.ts";
import { fileOptions, plainBytes, treeNames, treePrefix } from "./trees.ts";

/** How long a trial opening may take before the file counts as damaged. */
export const probeLimitMs = 15_000;

// Runs in a child of its own, so it is text: it must not depend on how this package was built or bundled. It opens the file
// as we do, reads the trees, for two seconds at most, and tries to write, without a commit; a torn one ends it with an error
// or a signal. Others may be writing to the file meanwhile, so it keeps no snapshot for long: pages that a snapshot shows
// can't be reused.
const trial = `
const { lmdb, file, gate, trees, treePrefix, plainBytes, abortable } = JSON.parse(process.argv[1]);
const { ABORT, open } = await import(lmdb);
// As the opening proper: nobody may write while a file is opened.
const lock = open(gate);
const root = lock.transactionSync(() => open(file), abortable);
const names = [...root.getKeys({ snapshot: false })].map((key) => Buffer.from(key).toString("latin1")).filter((name) => name.startsWith(treePrefix));
const until = performance.now() + 2000;
let read = 0;
for (const name of names) {
  const tree = root.openDB({ name, create: false, ...plainBytes });
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
}, abortable), abortable);
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
    const given = {
      lmdb: import.meta.resolve("lmdb"),
      file: fileOptions(path),
      gate: gateOptions(path),
      trees: treeNames.map((name) => treePrefix + name),
      treePrefix,
      plainBytes,
      abortable,
    };
    const child = spawn(process.execPath, ["--input-type=module", "-e", trial, JSON.stringify(given)], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: limitMs,
      killSignal: "SIGKILL",
      // Without the parent's loaders and inspector; the second makes Electron behave as Node.
      env: { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" },
    });
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
