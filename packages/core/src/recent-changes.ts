import type { Mark } from "./capabilities.ts";
import type { Clock } from "./clock.ts";

const keepMs = 10_000;
const mostKeys = 10_000;

interface RecentMark {
  readonly names: readonly string[];
  readonly mode: Mark["mode"];
  readonly at: number;
}

/**
 * The changes of the last seconds that the authority had confirmed. A replica that takes its place may not have had them:
 * what was deleted would be there again, with its revision, and nobody would know.
 */
export class RecentChanges {
  readonly #clock: Clock;
  /** By inner key: the caller's key and when; oldest first. */
  readonly #keys = new Map<string, { readonly givenKey: string; readonly at: number }>();
  #marks: RecentMark[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, givenKey: string): void {
    const at = this.#clock.coarse();
    this.#keys.delete(key);
    this.#keys.set(key, { givenKey, at });
    // A few of the oldest each time: no pause grows with how many there are.
    let left = 3;
    for (const [oldest, one] of this.#keys) {
      if (left === 0 || (one.at > at - keepMs && this.#keys.size <= mostKeys)) break;
      this.#keys.delete(oldest);
      left -= 1;
    }
  }

  addMark(names: readonly string[], mode: Mark["mode"]): void {
    const at = this.#clock.coarse();
    this.#marks = [...this.#marks.filter((mark) => mark.at > at - keepMs).slice(-mostKeys), { names, mode, at }];
  }

  /** Everything of the last seconds; what is taken is forgotten, since it is to be sent again. */
  take(): { readonly keys: ReadonlyMap<string, string>; readonly marks: readonly RecentMark[] } {
    const since = this.#clock.coarse() - keepMs;
    const recent = [...this.#keys].filter(([, { at }]) => at > since);
    const marks = this.#marks.filter(({ at }) => at > since);
    this.#keys.clear();
    this.#marks = [];
    return { keys: new Map(recent.map(([key, { givenKey }]) => [key, givenKey])), marks };
  }
}
