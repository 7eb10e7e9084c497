import {
  type Awaitable,
  type CacheBackend,
  type CacheMutex,
  checkOptionNames,
  type GuardTable,
  type LeaseTable,
  type MarkTable,
  type Operation,
  ProxyBackend,
  type ProxyFactory,
  type Run,
  type WriteOutcome,
} from "@cascata/core";

/** {@link readOnly} has no options. */
export const readOnlyOptions = [] as const;

const refused: WriteOutcome = Object.freeze({ status: "refused", why: "read-only" });

/**
 * Lets nothing be changed: writes and deletes are refused as `read-only`. What would change the store in other ways is
 * not offered: leases, guards, marks, mutexes and `clear`. Changes that others make are told on.
 *
 * @throws ConfigurationError
 */
export function readOnly(options: Record<string, never> = {}, path = "readOnly"): ProxyFactory {
  checkOptionNames(options, readOnlyOptions, path);
  return ReadOnlyProxy;
}

/** See {@link readOnly}. */
export class ReadOnlyProxy extends ProxyBackend {
  constructor(proxied: CacheBackend) {
    super(proxied);
    Object.defineProperty(this, "clear", { value: undefined });
  }

  override get leases(): LeaseTable | undefined {
    return undefined;
  }

  override get guards(): GuardTable | undefined {
    return undefined;
  }

  override get marks(): MarkTable | undefined {
    return undefined;
  }

  override getMutex(_key: string): CacheMutex | null {
    return null;
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    switch (operation) {
      case "set":
      case "delete":
        return refused as T;
      case "setMulti":
      case "deleteMulti":
        return new Map(keys.map((key) => [key, refused])) as T;
      default:
        return run();
    }
  }
}
