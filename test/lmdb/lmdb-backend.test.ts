import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LmdbBackend } from "@cascata/lmdb";
import {
  backendCases,
  describeConformance,
  feedCases,
  guardCases,
  leaseCases,
  ManualClock,
  markCases,
  mutexCases,
  revisionCases,
} from "@cascata/testing";
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

const harness = {
  open: () => open(),
  clock,
  advance: (ms: number) => clock.advance(ms),
  settle: () => clock.advance(6),
  connect: (beside: object) => open(paths.get(beside)),
};

const kits = { backendCases, leaseCases, guardCases, revisionCases, markCases, feedCases };
for (const [title, cases] of Object.entries(kits)) {
  describeConformance(cases, harness, { describe, it, title: `LmdbBackend: ${title}` });
}

const locking = open();
const mutexHarness = { mutex: (key: string) => locking.getMutex(key), settle: () => clock.advance(20) };
afterAll(() => locking.close());
describeConformance(mutexCases, mutexHarness, { describe, it, title: "LmdbBackend: mutexCases" });
