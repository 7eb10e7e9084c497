import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbBackend } from "@cascata/lmdb";
import { backendCases, describeConformance, ManualClock } from "@cascata/testing";
import { afterAll, describe, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "cascata-lmdb-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clock = new ManualClock();
const paths = new WeakMap<object, string>();
let count = 0;

function open(path = join(folder, `${++count}.mdb`)): LmdbBackend {
  const backend = new LmdbBackend({ path, clock, maxSize: "64mb" });
  paths.set(backend, path);
  return backend;
}

describeConformance(
  backendCases,
  { open: () => open(), clock, advance: (ms) => clock.advance(ms), connect: (beside) => open(paths.get(beside)) },
  { describe, it, title: "LmdbBackend" },
);
