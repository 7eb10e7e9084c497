import { ConfigurationError, isCacheError, type Mistake, nearest, type ValidationError } from "@cascata/core";
import type { z } from "zod";
import { measureHint } from "./schema-parts.ts";

/** All that is wrong with a configuration, so that it can be said at once. */
export class Mistakes {
  readonly #list: Mistake[] = [];
  #at: (path: string) => string = (path) => path;

  /** From now on paths are said in other words. */
  at(rename: (path: string) => string): this {
    this.#at = rename;
    return this;
  }

  get any(): boolean {
    return this.#list.length > 0;
  }

  /** One mistake; of several at one path the first counts, and what is only missing because it is mistyped counts as one. */
  add(mistake: Mistake): void {
    const path = this.#at(mistake.path);
    if (this.#list.some((known) => known.path === path)) return;
    if (mistake.received === undefined && this.#list.some(({ path: other, hint }) => isMistypedFor(path, other, hint)))
      return;
    const received = withoutSecrets(optionIn(mistake.path), mistake.received);
    this.#list.push({ ...mistake, path, received });
  }

  /** What `schema` finds wrong with `value`, which stands at `path`. Whether it was nothing. */
  check(schema: z.ZodType, value: unknown, path: string): boolean {
    const result = schema.safeParse(value);
    if (result.success) return true;
    for (const issue of result.error.issues) this.#issue(issue, value, path);
    return false;
  }

  /**
   * Runs `step`; what it refuses is collected, `at` saying where the paths of its mistakes belong.
   * Errors that are no refusal are a mistake at `path`.
   */
  collect<T>(path: string, step: () => T, at: (path: string) => string = (own) => own): T | undefined {
    try {
      return step();
    } catch (error) {
      this.fail(path, error, at);
      return undefined;
    }
  }

  /** The mistakes that an error tells of. */
  fail(path: string, error: unknown, at: (path: string) => string = (own) => own): void {
    if (isCacheError(error) && (error as Partial<ValidationError>).mistakes !== undefined) {
      for (const mistake of (error as ValidationError).mistakes) this.add({ ...mistake, path: at(mistake.path) });
      return;
    }
    const hint = error instanceof Error ? error.message : String(error);
    this.add({ path, expected: "something that can be made", received: "a failure", hint });
  }

  /** @throws ConfigurationError with all of them, if there is any */
  refuse(): void {
    if (!this.any) return;
    // They were found step by step; a reader goes through the configuration part by part.
    const parts = new Map<string, Mistake[]>(sections.map((section) => [section, []]));
    for (const mistake of this.#list) {
      const part = mistake.path.split(".").slice(0, 2).join(".");
      parts.set(part, [...(parts.get(part) ?? []), mistake]);
    }
    const rank = ([part]: readonly [string, unknown]) =>
      (sections.findIndex((section) => part.startsWith(section)) + sections.length + 1) % (sections.length + 1);
    const sorted = [...parts].sort((a, b) => rank(a) - rank(b));
    throw new ConfigurationError(sorted.flatMap(([, mistakes]) => mistakes));
  }

  #issue(issue: z.core.$ZodIssue, root: unknown, base: string): void {
    const path = pathOf(base, issue.path);
    const received = at(root, issue.path);
    if (issue.code === "unrecognized_keys") {
      const names = issue.message.split("\n");
      for (const key of issue.keys) {
        const expected = names[0] === "" ? "no option" : `one of ${names.join(", ")}`;
        this.add({ path: pathOf(path, [key]), expected, received: member(received, key), ...hintFor(key, names) });
      }
      return;
    }
    if (issue.code === "invalid_union") {
      const branch = meantBranch(issue.errors);
      if (branch !== undefined) {
        for (const inner of branch) this.#issue({ ...inner, path: [...issue.path, ...inner.path] }, root, base);
        return;
      }
      const expectations = issue.errors.flat().map((inner) => inner.message);
      const said = issue.message === "Invalid input" ? [...new Set(expectations)].join(", or ") : issue.message;
      this.add({ path, expected: said, received, ...measureHint(said, received) });
      return;
    }
    this.add({ path, expected: issue.message, received, ...measureHint(issue.message, received) });
  }
}

const sections = ["backends", "regions", "defaults"];

/** Whether at `other` stands what was meant for `path`: its name, mistyped. */
function isMistypedFor(path: string, other: string, hint: string | undefined): boolean {
  const dot = path.lastIndexOf(".");
  return (
    dot === other.lastIndexOf(".") && hint === hintText(path.slice(dot + 1)) && other.startsWith(path.slice(0, dot))
  );
}

const hintText = (name: string) => `did you mean "${name}"?`;

/** A hint if one of `names` is spelt nearly as `name`. */
export function hintFor(name: string, names: readonly string[]): { readonly hint?: string } {
  const near = nearest(name, names);
  return near === undefined ? {} : { hint: hintText(near) };
}

/** Of a union's branches the one that got further than the outermost type: that one was meant. */
function meantBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  return branches.find((branch) =>
    branch.every(({ code, path }) => path.length > 0 || code === "unrecognized_keys" || code === "invalid_union"),
  );
}

/** `regions.users.tiers[1]` */
export function pathOf(base: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((whole, part) => {
    if (typeof part === "number") return `${whole}[${part}]`;
    const name = String(part);
    const plain = /^[\w$-]+$/.test(name);
    if (!plain) return `${whole}[${JSON.stringify(name)}]`;
    return whole === "" ? name : `${whole}.${name}`;
  }, base);
}

function at(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => member(value, part), root);
}

function member(value: unknown, part: PropertyKey): unknown {
  return typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined;
}

const secret = /pas+w|pwd|secret|token|credential|^keys?$/i;

/** The option that a path names: what a backend or region is called says nothing of it. */
function optionIn(path: string): string {
  return /^(?:backends|regions)\.[^.[]+$/.test(path) ? "" : (/[^.[\]]+$/.exec(path.replace(/\[\d+\]$/, ""))?.[0] ?? "");
}

/** An error message may end in a log: passwords must not. */
function withoutSecrets(name: string, received: unknown, depth = 0): unknown {
  if (secret.test(name) && received !== undefined) return "(hidden)";
  if (typeof received === "string") return received.replace(/\/\/[^/@\s]*@/, "//(hidden)@");
  if (typeof received !== "object" || received === null || depth > 3) return received;
  if (Array.isArray(received)) return received.map((one: unknown) => withoutSecrets("", one, depth + 1));
  if (Object.getPrototypeOf(received) !== Object.prototype) return received.constructor?.name ?? "an object";
  const members = Object.entries(received);
  return Object.fromEntries(members.map(([key, value]) => [key, withoutSecrets(key, value, depth + 1)]));
}
