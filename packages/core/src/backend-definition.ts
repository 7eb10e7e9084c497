import type { CacheBackend } from "./backend.ts";

/**
 * What a package says of a backend so that configuration can name it: `use: "the-package"` reads the module's export
 * `backend`, and `use: "the-package#other"` the member `other` of its export `backends`.
 */
export interface BackendDefinition {
  /** The options that it reads. */
  readonly options: readonly string[];
  /**
   * Refuses bad options without opening, connecting or making anything.
   * @throws ConfigurationError with every mistake; paths begin with the option's name
   */
  check?(options: Readonly<Record<string, unknown>>): void;
  /** @throws ConfigurationError */
  create(options: Readonly<Record<string, unknown>>): CacheBackend;
  /**
   * A text for the store that these options lead to: two backends with the same text would be two views of one store, which
   * configuration refuses. Absent, or no text: each one is a store of its own.
   */
  identity?(options: Readonly<Record<string, unknown>>): string | undefined;
}
