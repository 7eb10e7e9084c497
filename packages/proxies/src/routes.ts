import { type CacheBackend, ConfigurationError } from "@cascata/core";

/** Keys that go to one backend. */
export interface Route {
  /** A text in which `*` stands for any characters, an expression, or a function that always says the same of a key. */
  readonly match: string | RegExp | ((key: string) => boolean);
  readonly backend: CacheBackend;
}

/** A part of a batch: the keys of one backend, and where they stood in the batch. */
export interface RoutedPart {
  readonly keys: string[];
  readonly places: number[];
}

/** Which backend a key belongs to: the first route that matches, else the last resort. */
export class Routes {
  /** Each backend once. */
  readonly backends: readonly CacheBackend[];
  readonly #routes: readonly { readonly matches: (key: string) => boolean; readonly backend: CacheBackend }[];
  readonly #otherwise: CacheBackend;

  /** @throws ConfigurationError for a pattern of another type */
  constructor(routes: readonly Route[], otherwise: CacheBackend) {
    this.#routes = routes.map(({ match, backend }, index) => ({
      matches: matcher(match, `routes[${index}].match`),
      backend,
    }));
    this.#otherwise = otherwise;
    this.backends = [...new Set([...routes.map(({ backend }) => backend), otherwise])];
  }

  backendOf(key: string): CacheBackend {
    for (const { matches, backend } of this.#routes) if (matches(key)) return backend;
    return this.#otherwise;
  }

  split(keys: readonly string[]): ReadonlyMap<CacheBackend, RoutedPart> {
    const parts = new Map<CacheBackend, RoutedPart>();
    keys.forEach((key, place) => {
      const backend = this.backendOf(key);
      const part = parts.get(backend) ?? { keys: [], places: [] };
      part.keys.push(key);
      part.places.push(place);
      parts.set(backend, part);
    });
    return parts;
  }
}

function matcher(match: Route["match"], path: string): (key: string) => boolean {
  if (typeof match === "function") return match;
  if (typeof match === "string") {
    const [head = "", ...rest] = match.split("*");
    if (rest.length === 0) return (key) => key === match;
    const tail = rest.pop() ?? "";
    if (rest.length === 0) {
      return (key) => key.length >= head.length + tail.length && key.startsWith(head) && key.endsWith(tail);
    }
    const source = match.split("*").map((text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
    const expression = new RegExp(`^${source.join("[^]*")}$`);
    return (key) => expression.test(key);
  }
  if (match instanceof RegExp) {
    // A global or sticky expression remembers where it stopped and would answer differently the next time.
    const expression = new RegExp(match.source, match.flags.replace(/[gy]/g, ""));
    return (key) => expression.test(key);
  }
  throw new ConfigurationError({
    path,
    expected: "a text with *, a regular expression or a function",
    received: match,
  });
}
