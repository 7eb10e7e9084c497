import { CacheBackend, type CircuitBreakerOptions, type Duration, type ProtectionOptions } from "@cascata/core";
import { backendSchemas, remoteFields } from "./backend-schemas.ts";
import { anyName } from "./definitions.ts";
import { hintFor, type Mistakes, pathOf } from "./mistakes.ts";
import { planWrap, type WrapPlan } from "./plan-wrap.ts";
import { object } from "./schema-parts.ts";

/** A backend that is to be made, or was given. */
export interface BackendPlan {
  readonly name: string;
  readonly path: string;
  readonly wrap: readonly WrapPlan[];
  readonly protection: ProtectionOptions;
  /** The module, unless the backend itself was given. */
  readonly use: string | undefined;
  /** What the module's own backend takes. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Given by the application, which closes it. */
  readonly live: CacheBackend | undefined;
}

const knownUses: readonly string[] = Object.keys(backendSchemas);
const remote = object<{
  timeout?: Duration;
  breaker?: CircuitBreakerOptions | false;
  maxInFlight?: number;
  wrap?: unknown;
}>({}, remoteFields);

/** Longer than any operation, and still a number of milliseconds that a timer takes. */
const noTimeoutMs = 2 ** 31 - 1;

/** Names that a tier can have: part of messages, events and the paths of mistakes. */
export function isName(name: string): boolean {
  return /^[\w.-]{1,100}$/.test(name);
}

/** Reads `backends`. */
export function planBackends(backends: unknown, mistakes: Mistakes): readonly BackendPlan[] {
  if (typeof backends !== "object" || backends === null || Array.isArray(backends)) {
    mistakes.add({ path: "backends", expected: "backends by name", received: backends });
    return [];
  }
  return Object.entries(backends).flatMap(([name, given]) => {
    const path = pathOf("backends", [name]);
    if (!isName(name)) {
      const expected = "a name of 1 to 100 letters, digits, dots, underscores or hyphens";
      mistakes.add({ path, expected, received: name });
      return [];
    }
    return planBackend(name, given as unknown, path, mistakes) ?? [];
  });
}

function planBackend(name: string, given: unknown, path: string, mistakes: Mistakes): BackendPlan | undefined {
  if (given instanceof CacheBackend) {
    return { name, path, wrap: [], protection: {}, use: undefined, options: {}, live: given };
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    mistakes.add({ path, expected: '{ use: "…", …options }', received: given });
    return undefined;
  }
  const { use, wrap, ...rest } = given as { use?: unknown; wrap?: unknown; [option: string]: unknown };
  const wraps = planWrap(wrap, `${path}.wrap`, mistakes);
  if (typeof use !== "string" || use === "") {
    const expected = `the name of a package, such as ${knownUses.join(", ")}, or a file`;
    mistakes.add({ path: `${path}.use`, expected, received: use, ...hintForUse(given) });
    return undefined;
  }
  const schema = Object.hasOwn(backendSchemas, use) ? backendSchemas[use as keyof typeof backendSchemas] : undefined;
  const { timeout, breaker, maxInFlight, ...options } = rest;
  if (schema !== undefined) mistakes.check(schema, rest, path);
  else mistakes.check(remote, pick({ timeout, breaker, maxInFlight }), path);
  return {
    name,
    path,
    wrap: wraps,
    use,
    options,
    live: undefined,
    protection: protectionOf(timeout ?? options["deadline"], breaker, maxInFlight),
  };
}

/** A mistyped `use` is the likeliest reason for there being none. */
function hintForUse(given: object): { readonly hint?: string } {
  const near = Object.keys(given).find((key) => hintFor(key, ["use"]).hint !== undefined && key.length < 5);
  return near === undefined ? {} : { hint: `did you mean "use" where it says "${near}"?` };
}

/** What is given is in force whatever stands around the backend: a chain adds only what it finds missing. */
function protectionOf(timeout: unknown, breaker: unknown, maxInFlight: unknown): ProtectionOptions {
  const never: CircuitBreakerOptions = { timeouts: Number.POSITIVE_INFINITY, window: 0 };
  return {
    ...(timeout !== undefined && { timeout: timeout === Infinity ? noTimeoutMs : (timeout as Duration) }),
    ...(breaker !== undefined && { breaker: breaker === false ? never : (breaker as CircuitBreakerOptions) }),
    ...(maxInFlight !== undefined && {
      maxInFlight: maxInFlight === Infinity ? Number.MAX_SAFE_INTEGER : (maxInFlight as number),
    }),
  };
}

function pick(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Options that a definition reads; those of a module that checks them itself are all right. */
export function checkNames(plan: BackendPlan, known: readonly string[], mistakes: Mistakes): void {
  if (known === anyName) return;
  for (const [name, received] of Object.entries(plan.options)) {
    if (known.includes(name)) continue;
    const expected = `one of ${known.join(", ")}`;
    mistakes.add({ path: pathOf(plan.path, [name]), expected, received, ...hintFor(name, known) });
  }
}
