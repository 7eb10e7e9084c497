/** Stands for vitest where that doesn't run: as much of it as the files of conformance kits use. */

type Body = (context: { skip(reason: string): never }) => Promise<void> | void;

interface Declared {
  readonly name: string;
  readonly body: Body;
}

/** What became of everything that was declared, by full name. */
export interface Report {
  readonly passed: readonly string[];
  /** With the reason. */
  readonly skipped: Readonly<Record<string, string>>;
  /** With the error's stack. */
  readonly failed: Readonly<Record<string, string>>;
}

class Skip extends Error {}

const titles: string[] = [];
const declared: Declared[] = [];

export function describe(title: string, body: () => void): void {
  titles.push(title);
  body();
  titles.pop();
}

export function it(name: string, body: Body): void {
  declared.push({ name: [...titles, name].join(" > "), body });
}

/** `describeConformance` calls this in Bun only, with the reason in the name's last parentheses. */
it.skip = (name: string, _body: Body): void => {
  const [, bare = name, reason = "no reason"] = /^(.*?) \((.*)\)$/s.exec(name) ?? [];
  it(bare, (context) => context.skip(reason));
};

/**
 * Runs all that was declared, one after another.
 * @param without titles that are skipped as a whole, with the reason
 */
export async function runDeclared(without: Readonly<Record<string, string>>): Promise<Report> {
  const passed: string[] = [];
  const skipped: Record<string, string> = {};
  const failed: Record<string, string> = {};
  const context = {
    skip(reason: string): never {
      throw new Skip(reason);
    },
  };
  for (const { name, body } of declared) {
    try {
      const [title = ""] = name.split(" > ");
      const reason = without[title];
      if (reason !== undefined) context.skip(reason);
      await body(context);
      passed.push(name);
    } catch (error) {
      if (error instanceof Skip) skipped[name] = error.message;
      else failed[name] = textOf(error);
    }
  }
  return { passed, skipped, failed };
}

/** Not every runtime's stack begins with the message. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack?.includes(error.message) ? error.stack : `${error}\n${error.stack}`;
}
