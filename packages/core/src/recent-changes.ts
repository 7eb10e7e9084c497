import type { Mark } from "./capabilities.ts";
import type { Clock } from "./clock.ts";

const keepMs = 10_000;
const mostKeys = 10_000;

interface RecentKey {
  readonly givenKey: string;
  readonly at: number;
}

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
  /** By inner key, in two halves: the older one goes as a whole, so that nobody looks for what is oldest. */
  #younger = new Map<string, RecentKey>();
  #older: ReadonlyMap<string, RecentKey> = new Map();
  #youngerSince = 0;
  #marks: RecentMark[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(key: string, givenKey: string): void {
    const at = this.#clock.coarse();
    if (at - this.#youngerSince > keepMs || this.#younger.size >= mostKeys) {
      this.#older = this.#younger;
      this.#younger = new Map();
      this.#youngerSince = at;
    }
    this.#younger.set(key, { givenKey, at });
  }

  addMark(names: readonly string[], mode: Mark["mode"]): void {
    const at = this.#clock.coarse();
    this.#marks = [...this.#marks.filter((mark) => mark.at > at - keepMs).slice(-mostKeys), { names, mode, at }];
  }

  /** Everything of the last seconds; what is taken is forgotten, since it is to be sent again. */
  take(): { readonly keys: ReadonlyMap<string, string>; readonly marks: readonly RecentMark[] } {
    const since = this.#clock.coarse() - keepMs;
    const recent = [...this.#older, ...this.#younger].filter(([, { at }]) => at > since);
    const marks = this.#marks.filter(({ at }) => at > since);
    this.#older = new Map();
    this.#younger = new Map();
    this.#marks = [];
    return { keys: new Map(recent.map(([key, { givenKey }]) => [key, givenKey])), marks };
  }
}
