import {
  aText,
  CacheBackend,
  type CacheMutex,
  ConfigurationError,
  checkOptionNames,
  NO_VALUE,
  type NoValue,
  wrongKinds,
} from "@cascata/core";

/** What a {@link NullBackend} takes. */
export interface NullBackendOptions {
  /** @default "null" */
  readonly name?: string;
}

/**
 * Keeps nothing: each read misses, each write is done at once, each lock is free. It turns caching off without changing
 * the program, as dogpile's `null` backend does.
 */
export class NullBackend extends CacheBackend {
  readonly name: string;

  /** @throws ConfigurationError naming the option */
  constructor(options: NullBackendOptions = {}) {
    super();
    checkOptionNames(options, ["name"], "null");
    const mistakes = wrongKinds(options, { name: aText }, "null");
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    this.name = options.name ?? "null";
  }

  /** Ignores the configuration but for `name`. */
  static fromConfig(config: Readonly<Record<string, unknown>>, prefix: string): NullBackend {
    const name = config[`${prefix}name`];
    return new NullBackend(typeof name === "string" ? { name } : {});
  }

  override get remote(): boolean {
    return false;
  }

  override get shared(): boolean {
    return false;
  }

  get(_key: string): NoValue {
    return NO_VALUE;
  }

  getMulti(keys: readonly string[]): readonly NoValue[] {
    return keys.map(() => NO_VALUE);
  }

  set(): void {}

  setMulti(): void {}

  delete(): void {}

  deleteMulti(): void {}

  override clear(): void {}

  /** A lock that always grants, so that every caller creates for itself. */
  override getMutex(_key: string): CacheMutex {
    return alwaysFree;
  }

  /** Nothing to release; it goes on answering. */
  close(): void {}
}

const alwaysFree: CacheMutex = Object.freeze({
  acquire: () => true,
  release: () => undefined,
  locked: () => false,
});
