const brand = Symbol.for("cascata.CacheError");

/** What an error says beside its message. */
export interface CacheErrorOptions {
  readonly cause?: unknown;
}

/** The root of every error that Cascata makes. A creator's own error is never wrapped in one. */
export class CacheError extends Error {
  /** A stable, upper-case name for programs: `TIMEOUT`, `CLOSED`, … */
  readonly code: string;

  constructor(code: string, message: string, options?: CacheErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether `error` is a {@link CacheError}, also one of another installed copy of this package. */
export function isCacheError(error: unknown): error is CacheError {
  return typeof error === "object" && error !== null && brand in error;
}

/** Where a bad input stands, what was expected there, and what came. */
export interface Mistake {
  /** `regions.users.ttl`, `key`, `keys[3]` */
  readonly path: string;
  readonly expected: string;
  readonly received: unknown;
  /** The nearest right spelling or another cure. */
  readonly hint?: string;
}

/** A call was given something that it refuses. Nothing has been stored. */
export class ValidationError extends CacheError {
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: Mistake | readonly Mistake[], code = "VALIDATION") {
    const list = Array.isArray(mistakes) ? (mistakes as readonly Mistake[]) : [mistakes as Mistake];
    super(code, list.map(describe).join("\n"));
    this.mistakes = list;
  }
}

/** An option or a configuration is refused, at construction. All of its mistakes are reported at once. */
export class ConfigurationError extends ValidationError {
  constructor(mistakes: Mistake | readonly Mistake[]) {
    super(mistakes, "CONFIGURATION");
  }
}

/** The region was used before `configure`. */
export class RegionNotConfigured extends CacheError {
  constructor(name: string) {
    super("REGION_NOT_CONFIGURED", `region "${name}" has no backend yet: call configure() first`);
  }
}

/** The region has a backend already, and `replaceExistingBackend` was not asked for. */
export class RegionAlreadyConfigured extends CacheError {
  constructor(name: string) {
    super(
      "REGION_ALREADY_CONFIGURED",
      `region "${name}" is configured already: pass replaceExistingBackend to replace its backend`,
    );
  }
}

/** No backend or proxy is known by this name. */
export class PluginNotFound extends CacheError {
  constructor(plugin: string, hint?: string, options?: CacheErrorOptions) {
    super("PLUGIN_NOT_FOUND", `"${plugin}" was not found${hint === undefined ? "" : `; ${hint}`}`, options);
  }
}

/** A store failed. `cause` is the store's own error. */
export class BackendError extends CacheError {
  readonly backend: string;
  readonly operation: string;
  /** How many keys the operation was about. */
  readonly keyCount: number;

  constructor(backend: string, operation: string, keyCount: number, cause: unknown, code = "BACKEND") {
    super(code, `${backend}: ${operation} of ${keyCount} ${keyCount === 1 ? "key" : "keys"} failed: ${textOf(cause)}`, {
      cause,
    });
    this.backend = backend;
    this.operation = operation;
    this.keyCount = keyCount;
  }
}

/** A value could not be turned into bytes (thrown), or stored bytes not into a value (a miss and an event). */
export class SerializationError extends CacheError {
  constructor(message: string, options?: CacheErrorOptions) {
    super("SERIALIZATION", message, options);
  }
}

/** Something took longer than it may. */
export class TimeoutError extends CacheError {
  readonly what: string;
  readonly afterMs: number;

  constructor(what: string, afterMs: number) {
    super("TIMEOUT", `${what} did not finish within ${afterMs} ms`);
    this.what = what;
    this.afterMs = afterMs;
  }
}

/** A tier was not asked: its circuit is open, or too much is in flight. */
export class UnavailableError extends CacheError {
  readonly tier: string;

  constructor(tier: string, why: string) {
    super("UNAVAILABLE", `${tier} was not asked: ${why}`);
    this.tier = tier;
  }
}

/** A lock or a lease could not be had, or was used by somebody who does not hold it. */
export class LockError extends CacheError {
  constructor(message: string, options?: CacheErrorOptions) {
    super("LOCK", message, options);
  }
}

/** The authority has not confirmed a delete or an invalidation in time; it is still being tried. */
export class InvalidationPendingError extends CacheError {
  readonly #rest: { readonly settled: Promise<unknown> };

  constructor(what: string, rest: { readonly settled: Promise<unknown> }) {
    super("INVALIDATION_PENDING", `${what} is not confirmed yet; it is being retried`);
    this.#rest = rest;
  }

  /** Settles when the authority has confirmed it, or something newer has replaced it; as that of a report does. */
  get settled(): Promise<unknown> {
    return this.#rest.settled;
  }
}

/** The region, backend or collection of caches was closed. */
export class ClosedError extends CacheError {
  constructor(what: string) {
    super("CLOSED", `${what} is closed`);
  }
}

/** Some keys of a batch failed: what succeeded and what failed, by key. */
export class PartialFailureError<T = unknown> extends CacheError {
  readonly results: ReadonlyMap<string, T>;
  readonly errors: ReadonlyMap<string, unknown>;

  constructor(results: ReadonlyMap<string, T>, errors: ReadonlyMap<string, unknown>) {
    const first = errors.values().next().value;
    const count = errors.size;
    super("PARTIAL_FAILURE", `${count} of ${count + results.size} keys failed; the first: ${textOf(first)}`, {
      cause: first,
    });
    this.results = results;
    this.errors = errors;
  }
}

/** `error` itself if it is a {@link CacheError}, else a {@link BackendError} around it. */
export function asCacheError(error: unknown, backend: string, operation: string, keyCount: number): CacheError {
  return isCacheError(error) ? error : new BackendError(backend, operation, keyCount, error);
}

/** A short text for any thrown thing or refused value; never throws and never grows past a line. */
export function textOf(thing: unknown): string {
  try {
    return clip(shortForm(thing).replaceAll("\n", " "));
  } catch {
    return typeof thing;
  }
}

function shortForm(thing: unknown): string {
  if (thing instanceof Error) return thing.message || thing.name;
  if (typeof thing === "string") return JSON.stringify(thing);
  if (typeof thing === "function") return `function ${thing.name}`;
  if (typeof thing !== "object" || thing === null) return String(thing);
  try {
    return JSON.stringify(thing) ?? String(thing);
  } catch {
    return Object.prototype.toString.call(thing);
  }
}

function clip(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}

function describe(mistake: Mistake): string {
  const hint = mistake.hint === undefined ? "" : ` (${mistake.hint})`;
  return `${mistake.path}: expected ${mistake.expected}, received ${textOf(mistake.received)}${hint}`;
}
