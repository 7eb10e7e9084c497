import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fences, type FenceTicket } from "../../packages/core/src/fences.ts";

describe("fences", () => {
  it("tell for each key whether it was changed while the ticket was out, as a list of all changes would", () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.constant({ do: "take" } as const),
      fc.record({ do: fc.constant("break" as const), key }),
      fc.constant({ do: "breakAll" } as const),
      fc.record({ do: fc.constant("ask" as const), which: fc.nat({ max: 9 }), key }),
      fc.record({ do: fc.constant("giveBack" as const), which: fc.nat({ max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const fences = new Fences();
        const out: { readonly ticket: FenceTicket; readonly changed: Set<string> }[] = [];
        for (const each of steps) {
          if (each.do === "take") out.push({ ticket: fences.take(), changed: new Set() });
          else if (each.do === "break") {
            fences.break(each.key);
            for (const { changed } of out) changed.add(each.key);
          } else if (each.do === "breakAll") {
            fences.breakAll();
            for (const { changed } of out) for (const one of "abc") changed.add(one);
          } else {
            const one = out[each.which % Math.max(1, out.length)];
            if (one === undefined) continue;
            if (each.do === "ask") expect(fences.stands(each.key, one.ticket)).toBe(!one.changed.has(each.key));
            else fences.giveBack(out.splice(out.indexOf(one), 1)[0]?.ticket as FenceTicket);
          }
          expect(fences.size).toBe(out.length);
          if (out.length === 0) expect(fences.remembered).toBe(0);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("remember nothing while nobody is under way", () => {
    const fences = new Fences();
    fences.break("a");
    expect(fences.remembered).toBe(0);
    expect(fences.stands("a", fences.take())).toBe(true);
  });

  it("forget what concerns nobody any more, though somebody is always under way", () => {
    const fences = new Fences();
    let last = fences.take();
    for (let turn = 0; turn < 1000; turn += 1) {
      const next = fences.take();
      fences.break(`key ${turn}`);
      expect(fences.stands(`key ${turn}`, next)).toBe(false);
      fences.giveBack(last);
      last = next;
      expect(fences.remembered).toBeLessThanOrEqual(3);
    }
  });

  it("break everything under way rather than remember without end for one who does not come back", () => {
    const fences = new Fences();
    const hung = fences.take();
    for (let turn = 0; turn < 50_000; turn += 1) {
      fences.break(`key ${turn}`);
      expect(fences.remembered).toBeLessThanOrEqual(10_000);
    }
    expect(fences.stands("key 0", hung)).toBe(false);
    expect(fences.stands("another", hung)).toBe(false);
    const later = fences.take();
    expect(fences.stands("another", later)).toBe(true);
    fences.break("another");
    expect(fences.stands("another", later)).toBe(false);
  });
});
