/**
 * One promise of a contract, as data: runs under any test runner, or none.
 * It fails by throwing (`node:assert`).
 */
export interface ConformanceCase<H> {
  /** Unique within its kit; what a skip names. */
  readonly name: string;
  /** Optional members of the harness without which the promise can't be observed. */
  readonly needs?: readonly (keyof H & string)[];
  run(harness: H): Promise<void>;
}

/** The functions of a test runner, as vitest, `node:test` and `bun:test` have them. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it: RunnerTest;
}

/** A runner's `it` or `test`. */
export interface RunnerTest {
  (name: string, body: (...context: readonly unknown[]) => Promise<void>): unknown;
  /** Declares a test that is counted as skipped. Used where tests get no context with a `skip(reason)` (Bun). */
  readonly skip: (name: string, body: () => Promise<void>) => unknown;
}

/** How {@link describeConformance} presents a kit. */
export interface ConformanceOptions extends Runner {
  /** The heading; `"conformance"` if absent. */
  readonly title?: string;
  /**
   * Cases that are not run, each with its reason. They go through the runner's own skip, so that it counts them.
   * Every name must be a case of the kit, so that a skip can't outlive what it excused.
   */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * Declares a test for each case of a kit. A case that needs what the harness lacks is skipped, and says what it lacks.
 *
 * ```ts
 * describeConformance(backendCases, { open: () => new MyBackend() }, { describe, it });
 * ```
 *
 * @throws TypeError if a skip names no case or gives no reason, or if two cases share a name
 */
export function describeConformance<H extends object>(
  cases: readonly ConformanceCase<H>[],
  harness: H,
  options: ConformanceOptions,
): void {
  const { describe, it, title = "conformance", skip = {} } = options;
  checkNames(cases, skip);
  describe(title, () => {
    for (const one of cases) {
      const reason = Object.hasOwn(skip, one.name) ? skip[one.name] : missing(one, harness);
      if (reason === undefined) it(one.name, () => one.run(harness));
      else skipped(it, one, harness, reason);
    }
  });
}

function skipped<H>(it: RunnerTest, one: ConformanceCase<H>, harness: H, reason: string): void {
  if ("Bun" in globalThis) {
    it.skip(`${one.name} (${reason})`, () => one.run(harness));
    return;
  }
  // vitest and node:test take the reason with a skip from within. Rest parameters: a declared one means a callback to some.
  it(one.name, async (...given) => {
    const context = given[0] as { skip?: (reason: string) => unknown } | undefined;
    if (typeof context?.skip !== "function") throw new TypeError(`this runner can't skip with a reason: ${reason}`);
    context.skip(reason);
  });
}

function missing<H extends object>(one: ConformanceCase<H>, harness: H): string | undefined {
  const lacking = (one.needs ?? []).filter((need) => harness[need] === undefined);
  return lacking.length === 0 ? undefined : `the harness gives no ${lacking.join(", ")}`;
}

function checkNames<H>(cases: readonly ConformanceCase<H>[], skip: Readonly<Record<string, string>>): void {
  const names = new Set<string>();
  for (const { name } of cases) {
    if (names.has(name)) throw new TypeError(`two conformance cases are named "${name}"`);
    names.add(name);
  }
  for (const [name, reason] of Object.entries(skip)) {
    if (!names.has(name)) throw new TypeError(`skip: no conformance case is named "${name}"`);
    if (typeof reason !== "string" || reason.trim() === "") throw new TypeError(`skip: "${name}" needs a reason`);
  }
}

/** What became of each case of a kit, by name. */
export interface ConformanceReport {
  readonly passed: readonly string[];
  /** With what each failed. */
  readonly failed: ReadonlyMap<string, unknown>;
  /** With what the harness lacks. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** Runs a kit without any test runner, one case after another. */
export async function runConformance<H extends object>(
  cases: readonly ConformanceCase<H>[],
  harness: H,
): Promise<ConformanceReport> {
  const passed: string[] = [];
  const failed = new Map<string, unknown>();
  const skipped = new Map<string, string>();
  for (const one of cases) {
    const reason = missing(one, harness);
    if (reason !== undefined) {
      skipped.set(one.name, reason);
      continue;
    }
    try {
      await one.run(harness);
      passed.push(one.name);
    } catch (error) {
      failed.set(one.name, error);
    }
  }
  return { passed, failed, skipped };
}
