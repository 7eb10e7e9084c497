import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { ConfigurationError } from "@cascata/core";
import { ManualClock } from "@cascata/testing";
import { describe, expect, it } from "vitest";
import { entryKey } from "../../packages/lmdb/src/entry-key.ts";
import { LmdbFile } from "../../packages/lmdb/src/lmdb-file.ts";
import { pieceKey } from "../../packages/lmdb/src/record.ts";
import { Bench, payloadOf } from "./support.ts";

const clock = new ManualClock();
const bench = new Bench(clock);

/** Changes a file that was closed, behind the backend's back. */
async function tamper(path: string, change: (file: LmdbFile) => void): Promise<void> {
  const file = new LmdbFile(path, 16 * 1024 ** 2, { now: () => clock.now(), diskFull: () => undefined });
  file.write(20, "must", () => change(file));
  await file.leave(() => undefined);
}

const changes: Readonly<Record<string, (file: LmdbFile) => void>> = {
  "a changed byte": (file) => {
    const record = file.trees.entries.getBinary(entryKey("a")) as Buffer;
    record[record.length - 2] = (record.at(-2) ?? 0) ^ 1;
    file.trees.entries.putSync(entryKey("a"), record);
  },
  "a cut record": (file) => {
    const record = file.trees.entries.getBinary(entryKey("a")) as Buffer;
    file.trees.entries.putSync(entryKey("a"), record.subarray(0, 100));
  },
  "foreign bytes": (file) => void file.trees.entries.putSync(entryKey("a"), Buffer.from("foreign")),
  "another key's record": (file) => {
    file.trees.entries.putSync(entryKey("a"), file.trees.entries.getBinary(entryKey("b")) as Buffer);
  },
  "a missing piece": (file) => void file.trees.pieces.removeSync(pieceKey(1, 0)),
};

describe("a corrupt entry is a miss and an incident", () => {
  for (const [name, change] of Object.entries(changes)) {
    it(name, async () => {
      const path = bench.newPath();
      const backend = bench.open({ path });
      await backend.set("a", bench.entry("x".repeat(3000)));
      await backend.set("b", bench.entry("y".repeat(3000)));
      await backend.close();
      await tamper(path, change);
      const again = bench.open({ path });
      expect(payloadOf(await again.get("a"))).toBe("(miss)");
      expect((await again.getMulti(["a", "b"])).map(payloadOf)).toEqual(["(miss)", "y".repeat(3000)]);
      expect(bench.incidents.map(({ what, key }) => [what, key])).toEqual([
        ["corrupt-entry", "a"],
        ["corrupt-entry", "a"],
      ]);
      const answers: boolean[] = [];
      await again.get("a", { lease: { token: "t", ms: 1000, answer: (_, { granted }) => void answers.push(granted) } });
      expect(answers).toEqual([true]);
      expect((await again.set("a", bench.entry("new"), { ticket: "t" })).status).toBe("stored");
      expect(payloadOf(await again.get("a"))).toBe("new");
    });
  }
});

describe("a file that was closed cleanly and has damage inside", () => {
  /** @param share of the file's pages that may be damaged: the later ones are those that every opening reads */
  async function damaged(share: number): Promise<string> {
    const path = bench.newPath();
    const backend = bench.open({ path });
    for (let index = 0; index < 500; index += 1) await backend.set(`k${index}`, bench.entry("v".repeat(500)));
    await backend.close();
    const file = openSync(path, "r+");
    const pages = (statSync(path).size / 4096) * share;
    for (let page = 5; page < pages; page += 3) writeSync(file, Buffer.alloc(4096), 0, 4096, page * 4096);
    closeSync(file);
    bench.incidents.length = 0;
    return path;
  }

  const told = () => bench.incidents.map(({ what }) => what);

  it("is believed once: it is refused, or set aside, when it is opened again", async () => {
    const path = await damaged(0.3);
    const backend = bench.open({ path });
    let met: unknown;
    for (let index = 0; index < 500 && met === undefined; index += 1) {
      try {
        backend.get(`k${index}`);
      } catch (error) {
        met = error;
      }
    }
    await backend.close();
    expect(String(met)).toMatch(/lmdb: get of 1 key failed: MDB_/);
    expect(told()).toEqual(["damaged"]);
    const refusal = await Promise.resolve(bench.open({ path }).get("k0")).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ConfigurationError);
    const rebuilt = bench.open({ path, onDamage: "rebuild" });
    expect(payloadOf(await rebuilt.get("k0"))).toBe("(miss)");
    expect((await rebuilt.set("k0", bench.entry(1))).status).toBe("stored");
    expect(told()).toEqual(["damaged", "rebuilt"]);
  });

  it("where it opens: it is refused, or set aside, at once", async () => {
    const path = await damaged(1);
    expect(() => bench.open({ path }).get("k0")).toThrow(/an LMDB file of Cascata.*LMDB can't read it \(MDB_/);
    const rebuilt = bench.open({ path, onDamage: "rebuild" });
    expect(payloadOf(await rebuilt.get("k0"))).toBe("(miss)");
    expect((await rebuilt.set("k0", bench.entry(1))).status).toBe("stored");
    expect(told()).toEqual(["rebuilt"]);
  });
});
