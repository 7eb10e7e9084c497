// What encoding costs: `node packages/bench/dist/encoding/main.js [--rounds 7] [--sizes 200,1000,10000,10000000] [--json file]`.
// JSON is the floor: `Buffer.from(JSON.stringify(value))` and `JSON.parse(buffer.toString())`.
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { type Codec, codecs } from "./codecs.ts";
import { type PayloadSet, payloads } from "./payloads.ts";

interface Row {
  readonly kind: PayloadSet["kind"];
  readonly bytes: number;
  readonly codec: string;
  readonly storedBytes: number;
  /** Whether what came back equals what was stored. */
  readonly same: boolean;
  readonly encodeUs: readonly number[];
  readonly decodeUs: readonly number[];
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    sizes: { type: "string", default: "200,1000,10000,10000000" },
    json: { type: "string" },
  },
});

const workBytes = 3e6;

/** The processor's time and not the wall's, so that what else the machine does is not counted. */
function microseconds(run: () => void, operations: number): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / operations;
}

/** Keeps the optimiser from dropping what nobody reads. */
let sink: unknown;

interface Candidate {
  readonly codec: Codec;
  readonly stored: readonly Uint8Array[];
  readonly encodeUs: number[];
  readonly decodeUs: number[];
}

/** Rounds are interleaved, so that what else the machine does falls on all alike. */
function measure(set: PayloadSet, rounds: number): Row[] {
  const repeats = Math.max(1, Math.round(workBytes / set.bytes / set.values.length));
  const operations = repeats * set.values.length;
  const able = codecs(set.values.slice(0, 2)).filter((codec) => set.kind !== "rich" || codec.rich);
  const usable = able.map(
    (codec): Candidate => ({
      codec,
      stored: set.values.map((value) => Buffer.from(codec.encode(value))),
      encodeUs: [],
      decodeUs: [],
    }),
  );
  for (let round = -1; round < rounds; round += 1) {
    for (const { codec, stored, encodeUs, decodeUs } of usable) {
      const encoding = microseconds(() => {
        for (let at = 0; at < repeats; at += 1) for (const value of set.values) sink = codec.encode(value);
      }, operations);
      const decoding = microseconds(() => {
        for (let at = 0; at < repeats; at += 1) for (const bytes of stored) sink = codec.decode(bytes);
      }, operations);
      if (round < 0) continue;
      encodeUs.push(encoding);
      decodeUs.push(decoding);
    }
  }
  return usable.map(({ codec, stored, encodeUs, decodeUs }) => ({
    kind: set.kind,
    bytes: set.bytes,
    codec: codec.name,
    storedBytes: stored[0]?.length ?? 0,
    same: isSame(codec.decode(stored[0] ?? new Uint8Array(0)), set.values[0]),
    encodeUs,
    decodeUs,
  }));
}

function isSame(back: unknown, value: unknown): boolean {
  const wrapped = back as { payload?: unknown; value?: unknown };
  return isDeepStrictEqual(wrapped.payload ?? wrapped.value ?? back, value);
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}

function cell(times: readonly number[], base: readonly number[]): string {
  const ratios = times.map((time, at) => time / (base[at] ?? Number.NaN));
  const spread = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
  return `${median(times).toFixed(2)} (${median(ratios).toFixed(2)}; ${spread})`.padEnd(32);
}

function print(rows: readonly Row[]): void {
  const [base] = rows;
  if (base === undefined) return;
  console.log(
    `\n${base.kind}, about ${base.bytes.toLocaleString("en")} bytes of JSON: µs (ratio to ${base.codec}; spread)`,
  );
  console.log("codec".padEnd(30), "encode".padEnd(32), "decode".padEnd(32), "bytes", "  same");
  for (const row of rows) {
    const encode = cell(row.encodeUs, base.encodeUs);
    const decode = cell(row.decodeUs, base.decodeUs);
    console.log(row.codec.padEnd(30), encode, decode, row.storedBytes, row.same ? "  yes" : "  NO");
  }
}

const rows: Row[] = [];
for (const kind of ["plain", "rich", "vector"] as const) {
  for (const size of values.sizes.split(",").map(Number)) {
    if (kind !== "plain" && size > 1e6) continue;
    const measured = measure(
      payloads(kind, size),
      size > 1e6 ? Math.min(5, Number(values.rounds)) : Number(values.rounds),
    );
    print(measured);
    rows.push(...measured);
  }
}
if (sink === undefined) throw new Error("nothing was measured");
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify({ node: process.version, rows }, null, 1)}\n`);
}
