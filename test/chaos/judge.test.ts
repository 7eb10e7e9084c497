import { describe, expect, it } from "vitest";
import type { ChangeTuple, ProcessHistory } from "./support/history-record.ts";
import { judge, type Promises } from "./support/judge.ts";

const strict: Promises = { staleMs: 50, ownStaleMs: 0, excuseStalls: true, leaseMs: 1000 };

function history(process: number, part: Partial<ProcessHistory>): ProcessHistory {
  return { process, reads: [], changes: [], creations: [], stalls: [], errors: [], slowestMs: 0, ...part };
}

function change(version: number, from: number, confirmedAt: number): ChangeTuple {
  return { how: "delete", versions: { a: version }, askedAt: from - 1, from, confirmedAt };
}

function rules(histories: readonly ProcessHistory[], promises = strict): readonly string[] {
  return judge(histories, promises).violations.map((text) => text.split(":")[0] as string);
}

describe("judge", () => {
  const changed = history(0, { changes: [change(1, 100, 102)] });

  it("finds a read that is older than the bound allows, and lets one pass that is not", () => {
    const read = (at: number) => history(1, { reads: [[at, at + 1, "a", 0, "get"]] });
    expect(rules([changed, read(153)])).toEqual(["I3"]);
    expect(rules([changed, read(151)])).toEqual([]);
    expect(rules([changed, read(153)], { ...strict, staleMs: 60 })).toEqual([]);
    expect(judge([changed, read(151)], strict)).toMatchObject({ stale: 1, oldestMs: 49 });
  });

  it("excuses what a process that did not run could not hear, and no more", () => {
    const reader = history(1, { reads: [[170, 171, "a", 0, "get"]], stalls: [[100, 130]] });
    expect(rules([changed, reader])).toEqual([]);
    expect(rules([changed, reader], { ...strict, excuseStalls: false })).toEqual(["I3"]);
    expect(rules([changed, { ...reader, stalls: [[90, 101]] }])).toEqual(["I3"]);
  });

  it("lets nothing older pass in the process that made the change", () => {
    const own = history(0, { changes: [change(1, 100, -1)], reads: [[101, 102, "a", 0, "get"]] });
    expect(rules([own])).toEqual(["I1/I2/I7"]);
    expect(rules([{ ...own, reads: [[99, 120, "a", 0, "get"]] }])).toEqual([]);
  });

  it("holds nobody to a change that was never confirmed", () => {
    const reader = history(1, { reads: [[5000, 5001, "a", 0, "get"]] });
    expect(rules([history(0, { changes: [change(1, 100, -1)] }), reader])).toEqual([]);
  });

  it("finds what nobody wrote, what was not written yet, and another key's value", () => {
    const read = (at: number, version: number) => history(1, { reads: [[at, at + 1, "a", version, "get"]] });
    expect(rules([changed, read(110, 2)])).toEqual(["I8"]);
    expect(rules([changed, read(90, 1)])).toEqual(["I8"]);
    expect(rules([changed, read(110, Number.NaN)])).toEqual(["I8"]);
    expect(rules([changed, read(110, 1), read(110, -1), read(110, -2)])).toEqual([]);
  });

  it("finds two creators of a key at once, unless a change or the end of the lease lies between", () => {
    const first = history(1, { creations: [{ key: "a", from: 200, to: 3000, unasked: false }] });
    const second = (from: number) => history(2, { creations: [{ key: "a", from, to: from + 10, unasked: false }] });
    expect(rules([first, second(900)])).toEqual(["I4"]);
    expect(rules([first, second(1300)])).toEqual([]);
    expect(rules([first, second(900)], { ...strict, leaseMs: 0 })).toEqual([]);
    expect(rules([first, second(900), history(0, { changes: [change(1, 500, 501)] })])).toEqual([]);
    const alone = history(2, { creations: [{ key: "a", from: 900, to: 910, unasked: true }] });
    expect(rules([first, alone])).toEqual([]);
    const same = history(1, { creations: [...first.creations, ...second(900).creations] });
    expect(rules([same], { ...strict, leaseMs: 0 })).toEqual(["I4"]);
    const mark: ChangeTuple = { ...change(1, 500, 501), how: "invalidateTags", versions: { b: 1 } };
    const marked = history(0, { changes: [mark] });
    expect(rules([same, marked], { ...strict, leaseMs: 0 })).toEqual([]);
    expect(rules([first, second(900), marked])).toEqual(["I4"]);
  });
});
