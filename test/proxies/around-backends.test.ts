import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyProxy, type CacheBackend, type Clock } from "@cascata/core";
import { KeyvBackend } from "@cascata/keyv";
import { LmdbBackend } from "@cascata/lmdb";
import { MemoryBackend } from "@cascata/memory";
import {
  backendCases,
  describeConformance,
  feedCases,
  guardCases,
  leaseCases,
  ManualClock,
  markCases,
  revisionCases,
} from "@cascata/testing";
import { Keyv } from "keyv";
import { afterAll, describe, it } from "vitest";
import { made, publishSkips, tenAround } from "./every-proxy.ts";

const folder = mkdtempSync(join(tmpdir(), "cascata-proxies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const clock = new ManualClock();
const advance = (ms: number) => clock.advance(ms);
const reference = "byReference says whether the stored object itself comes back";

type Wrap = (backend: CacheBackend, clock: Clock) => CacheBackend;
const wraps: Readonly<Record<string, Wrap>> = {
  ...Object.fromEntries(
    Object.entries(made).map(([name, make]): [string, Wrap] => [
      name,
      (backend, at) => applyProxy(make(at), backend, name),
    ]),
  ),
  "ten of them": tenAround,
};

for (const [name, wrap] of Object.entries(wraps)) {
  const passes = name.startsWith("compress") ? { [reference]: "what doesn't shrink passes as it is" } : {};
  describeConformance(
    backendCases,
    { open: () => wrap(new MemoryBackend({ maxEntries: 1000, clock }), clock), clock, advance },
    { describe, it, title: `${name} around memory`, skip: passes },
  );
  describeConformance(
    backendCases,
    { open: () => wrap(new KeyvBackend({ store: new Keyv(), clock, clearStore: true }), clock), clock, advance },
    { describe, it, title: `${name} around Keyv` },
  );
}

const paths = new WeakMap<CacheBackend, string>();
let files = 0;

// Each case opens a file: one proxy that maps keys, and all that encode or surround, stand for the others.
for (const [name, wrap] of Object.entries(wraps).filter(([name]) =>
  ["prefix", "publish", "ten of them"].includes(name),
)) {
  const open = (path = join(folder, `${++files}.mdb`)): CacheBackend => {
    const backend = wrap(new LmdbBackend({ path, clock, maxSize: "64mb" }), clock);
    paths.set(backend, path);
    return backend;
  };
  const harness = {
    open: () => open(),
    connect: (beside: CacheBackend) => open(paths.get(beside)),
    clock,
    advance,
    settle: () => clock.advance(6),
  };
  const kits = [...backendCases, ...leaseCases, ...guardCases, ...revisionCases, ...markCases, ...feedCases];
  const skip = name === "publish" ? publishSkips : {};
  describeConformance(kits, harness, { describe, it, title: `${name} around LMDB`, skip });
}
