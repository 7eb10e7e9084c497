import { join } from "node:path";
import { createContext, runInContext, runInNewContext } from "node:vm";
import { rolldown } from "rolldown";
import { beforeAll, expect, test } from "vitest";
import { root } from "../workspace/packages.ts";
import { freeNames } from "./free-names.ts";

const source = `
  export * from "@cascata/core";
  export * as dogpile from "@cascata/core/dogpile";
  export * from "@cascata/memory";`;

let code: string;

/** Core and memory with all that they depend on, as one script for a browser. */
beforeAll(async () => {
  const bundle = await rolldown({
    input: "program",
    platform: "browser",
    cwd: join(root, "examples"),
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === "program" ? join(root, "examples", "program.js") : null),
        load: (id) => (id.endsWith("program.js") ? source : null),
      },
    ],
    // Whatever can't be resolved for a browser, a built-in of Node first of all.
    onLog(level, log) {
      if (level === "warn") throw new Error(log.message);
    },
  });
  const { output } = await bundle.generate({ format: "iife", name: "cascata", comments: false });
  await bundle.close();
  expect(output.map(({ fileName }) => fileName)).toEqual(["program.js"]);
  code = output[0].code;
}, 60_000);

/** What every host has that runs JavaScript. */
const language = new Set([
  ...(runInNewContext("Object.getOwnPropertyNames(globalThis)") as readonly string[]),
  "arguments",
]);

test("the reader of free names sees them, and what is declared", () => {
  const { free, declared } = freeNames(`
    import { a } from "a";
    const { b, c: [d = x] } = y.z, { [w]: e } = { f: v, y };
    function g(h, ...i) { try { typeof process } catch (j) { h.k = class l { m() { return this[u] } n = t } } }`);
  expect(free).toEqual(["process", "t", "u", "v", "w", "x", "y"]);
  expect([...declared].sort()).toEqual(["a", "b", "d", "e", "g", "h", "i", "j", "l"]);
});

test("core and memory need nothing of Node's, and of the host only what all hosts have", () => {
  const { free, declared } = freeNames(code);
  const ofTheHost = free.filter((name) => !language.has(name));
  // lru-cache looks for `process`, with `typeof` before; that it is guarded shows below, where there is none.
  const web = ["AbortController", "TextDecoder", "TextEncoder", "URL", "clearTimeout", "crypto", "performance"];
  expect(ofTheHost).toEqual([...web, "process", "queueMicrotask", "setTimeout"]);
  expect(["process", "Buffer", "require", "global", "setImmediate"].filter((name) => declared.has(name))).toEqual([]);
  expect(code).not.toMatch(/\bimport\s*\(|\brequire\s*\(/);
});

/** What is left of a host without Node's globals, without a document, and without TLS. */
function bareHost(): Record<string, unknown> {
  const { AbortController, TextDecoder, TextEncoder, URL, performance, queueMicrotask } = globalThis;
  const crypto = { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => globalThis.crypto.getRandomValues(bytes) };
  const timers = {
    // Numbers, as browsers have them.
    setTimeout: (run: () => void, ms: number) => Number(setTimeout(run, ms)),
    clearTimeout: (timer: number) => clearTimeout(timer),
  };
  return { AbortController, TextDecoder, TextEncoder, URL, performance, queueMicrotask, crypto, ...timers };
}

test("they work in a host that has no more than that", async () => {
  const host = createContext(bareHost());
  runInContext(code, host);
  const outcome: unknown = await runInContext(
    `(async () => {
      const { createRegion, richSerializer, MemoryBackend, SerializingMemoryBackend, stack, dogpile } = cascata;
      const backend = stack(new MemoryBackend({ maxSize: "1mb" }), new SerializingMemoryBackend({ maxEntries: 9 }));
      const region = createRegion({ name: "r", backend, ttl: "1m", hardTimeout: "1m" });
      let made = 0;
      const create = async () => ({ made: ++made, at: new Map([["é", 1n]]) });
      const calls = await Promise.all([1, 2, 3].map(() => region.getOrCreate("k", create)));
      await region.invalidateTags(["t"]);
      await region.getOrCreate("other", () => region.get("k"));
      const back = richSerializer.deserialize(richSerializer.serialize(calls[0]));
      await region.close();
      return [made, new Set(calls).size, back.at.get("é") === 1n, typeof dogpile];
    })()`,
    host,
  );
  expect(outcome).toEqual([1, 1, true, "object"]);
});
