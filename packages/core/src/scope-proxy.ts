import { andThen } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import type { ChangeFeed, Mark, MarkTable } from "./capabilities.ts";
import { feedThrough } from "./key-mapping.ts";
import { ProxyBackend } from "./proxy-backend.ts";

/** A region's own part of a backend that it shares with others: its name stands before each key and each mark. */
export class ScopeProxy extends ProxyBackend {
  readonly #prefix: string;

  constructor(proxied: CacheBackend, scope: string) {
    super(proxied);
    this.#prefix = `${scope}:`;
  }

  protected override toInner(key: string): string {
    return this.#prefix + key;
  }

  protected override fromInner(key: string): string | undefined {
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined;
  }

  override get changes(): ChangeFeed | undefined {
    const mapped = super.changes;
    if (mapped === undefined) return undefined;
    return feedThrough(mapped, (listener) => ({
      changed: (notice) => listener.changed(notice),
      marked: (marks) => {
        const own = this.#outer(marks);
        if (own.length > 0) listener.marked(own);
      },
      filled: (keys, failure) => listener.filled(keys, failure),
      silent: (reason) => listener.silent(reason),
      resumed: () => listener.resumed(),
      uncertain: (reason) => listener.uncertain(reason),
    }));
  }

  override get marks(): MarkTable | undefined {
    const table = this.proxied.marks;
    if (table === undefined) return undefined;
    const outer = (marks: readonly Mark[]) => this.#outer(marks);
    const inner = (names: readonly string[]) => names.map((name) => this.toInner(name));
    return {
      put: (names, mode, at, sender) => andThen(table.put(inner(names), mode, at, sender), outer),
      lookup: (names) => andThen(table.lookup(inner(names)), (found) => found.map(outer)),
    };
  }

  #outer(marks: readonly Mark[]): readonly Mark[] {
    return marks.flatMap((mark) => {
      const name = this.fromInner(mark.name);
      return name === undefined ? [] : [{ ...mark, name }];
    });
  }
}

/** `name`'s own part of a backend. */
export function scopeOf(backend: CacheBackend, name: string): CacheBackend {
  return backend.scoped?.(name) ?? new ScopeProxy(backend, name);
}
