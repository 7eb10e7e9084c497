import type { Awaitable } from "./awaitable.ts";
import type { CacheBackend } from "./backend.ts";
import type { Found } from "./cached-value.ts";
import type { Judge, ReadContext } from "./contexts.ts";
import { ProxyBackend } from "./proxy-backend.ts";
import { readKey, readKeys } from "./read-keys.ts";
import { scopeOf } from "./scope-proxy.ts";

/** Reads that go out together. */
interface Gathering {
  /** Where each key's answer will stand. */
  readonly places: Map<string, number>;
  readonly answers: Promise<readonly Found[]>;
}

/**
 * Gathers the single reads of one turn into one batch: a hundred `get`s that are started together become one MGET. A read
 * that is alone goes out as it is. It waits until the caller's turn is over, and not a moment longer.
 *
 * Reads with a lease, a deadline or a listener of their own are their caller's, and pass by; so does everything else.
 */
export class GatherProxy extends ProxyBackend {
  readonly #gatherings = new Map<Judge | undefined, Gathering>();

  override get(key: string, context?: ReadContext): Awaitable<Found> {
    if (context !== undefined && !isCommon(context)) return super.get(key, context);
    const { places, answers } = this.#gathering(context);
    const place = places.get(key) ?? places.size;
    places.set(key, place);
    return answers.then((found) => found[place] as Found);
  }

  /** The same for the keys of `name` alone: outermost again, so that reads are gathered before their keys are mapped. */
  override scoped(name: string): CacheBackend {
    return new GatherProxy(scopeOf(this.proxied, name));
  }

  #gathering(context: ReadContext | undefined): Gathering {
    const judge = context?.judge;
    const open = this.#gatherings.get(judge);
    if (open !== undefined) return open;
    const places = new Map<string, number>();
    const answers = Promise.resolve().then(() => {
      this.#gatherings.delete(judge);
      return this.#read([...places.keys()], context);
    });
    const gathering = { places, answers };
    this.#gatherings.set(judge, gathering);
    return gathering;
  }

  async #read(keys: readonly string[], context: ReadContext | undefined): Promise<readonly Found[]> {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return [await readKey(this.proxied, only, context)];
    return await readKeys(this.proxied, keys, context);
  }
}

/** Whether the context says nothing but how entries are judged. */
function isCommon({ deadline, lease, nearestOnly, observe, skip }: ReadContext): boolean {
  return (
    deadline === undefined && lease === undefined && nearestOnly !== true && observe === undefined && skip === undefined
  );
}
