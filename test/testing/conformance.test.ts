import { type ConformanceCase, describeConformance, runConformance } from "@cascata/testing";
import { describe, expect, it } from "vitest";

interface Harness {
  readonly value: number;
  readonly extra?: () => void;
}

const cases: readonly ConformanceCase<Harness>[] = [
  { name: "passes", run: async () => undefined },
  { name: "fails", run: async () => Promise.reject(new Error("wrong")) },
  { name: "needs more", needs: ["extra"], run: async ({ extra }) => extra?.() },
];

/** A runner that notes what it is given. */
function noting() {
  const seen: string[] = [];
  const tests: Promise<void>[] = [];
  const it = Object.assign(
    (name: string, body: (...context: readonly unknown[]) => Promise<void>) => {
      const skip = (reason: string) => seen.push(`skipped ${name}: ${reason}`);
      expect(body).toHaveLength(0);
      tests.push(
        body({ skip }).then(
          () => void seen.push(`ran ${name}`),
          (error: Error) => void seen.push(`failed ${name}: ${error.message}`),
        ),
      );
    },
    { skip: () => expect.unreachable("only where tests get no context") },
  );
  const describing = (name: string, body: () => void) => {
    seen.push(`describe ${name}`);
    body();
  };
  return { seen, done: () => Promise.all(tests), options: { describe: describing, it } };
}

describe("describeConformance", () => {
  it("declares each case, and skips with a reason what the harness can't show", async () => {
    const { seen, done, options } = noting();
    describeConformance(cases, { value: 1 }, options);
    await done();
    expect(seen[0]).toBe("describe conformance");
    expect(seen).toContain("skipped needs more: the harness gives no extra");
    expect(seen).toContain("ran passes");
    expect(seen).toContain("failed fails: wrong");
  });

  it("skips what it is told, with the reason, and doesn't run it", async () => {
    const { seen, done, options } = noting();
    describeConformance(
      cases,
      { value: 1, extra: () => undefined },
      { ...options, title: "x", skip: { fails: "known" } },
    );
    await done();
    expect(seen[0]).toBe("describe x");
    expect(seen).toContain("skipped fails: known");
    expect(seen.filter((line) => line.startsWith("failed"))).toEqual([]);
    expect(seen).toContain("ran needs more");
  });

  it("refuses a skip that names no case or gives no reason, and two cases of one name", () => {
    const { options } = noting();
    const declare =
      (skip: Record<string, string>, list = cases) =>
      () =>
        describeConformance(list, { value: 1 }, { ...options, skip });
    expect(declare({ "no such case": "why" })).toThrow(/no conformance case is named "no such case"/);
    expect(declare({ passes: " " })).toThrow(/needs a reason/);
    expect(declare({ toString: "why" })).toThrow(/no conformance case/);
    expect(declare({}, [...cases, ...cases])).toThrow(/two conformance cases/);
  });
});

describe("runConformance", () => {
  it("reports what passed, failed and could not be run", async () => {
    const report = await runConformance(cases, { value: 1 });
    expect(report.passed).toEqual(["passes"]);
    expect([...report.failed.keys()]).toEqual(["fails"]);
    expect([...report.skipped]).toEqual([["needs more", "the harness gives no extra"]]);
  });
});
