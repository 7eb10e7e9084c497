import { roomFor, withRoom } from "./columns.ts";

/** Below: milliseconds after the epoch. From here on: units of 1024 ms, for what lives longer than 12 days. */
const far = 2 ** 30;
const never = 2 ** 31 - 1;
/** How far the epoch may fall behind, in milliseconds: always less than `far`, so that far instants lie ahead. */
const mostBehind = 2 ** 29;

/**
 * The instants at which entries end, in 32 bits each. Exact to the millisecond for what ends within twelve days of being
 * written, to about a second (never too early) for the rest; what ends more than 34 years ahead, or never, never ends. The
 * epoch that they count from moves along every six days.
 */
export class ExpiryColumn {
  readonly #limit: number;
  #ends: Int32Array;
  /** No number before the first write, which sets it. */
  #epoch: number = Number.NaN;

  /**
   * @param slot the last one in use: the entries up to there never end so far
   * @param limit most slots that will be in use at once, or `Infinity`
   */
  constructor(slot: number, limit: number) {
    this.#limit = limit;
    this.#ends = new Int32Array(roomFor(slot, 104, limit)).fill(never);
  }

  /** The last instant at which the entry is there. */
  set(slot: number, expiresAt: number, now: number): void {
    if (!(now - this.#epoch <= mostBehind)) this.#moveEpoch(now);
    this.#ends = withRoom(this.#ends, Int32Array, slot, this.#limit);
    this.#ends[slot] = expiresAt === Number.POSITIVE_INFINITY ? never : encode(expiresAt - this.#epoch);
  }

  /** Whether `now` is past the entry's end. */
  isOver(slot: number, now: number): boolean {
    const since = now - this.#epoch;
    return since > (this.#ends[slot] as number) && (since <= mostBehind || this.#isOverLate(slot, now));
  }

  #isOverLate(slot: number, now: number): boolean {
    this.#moveEpoch(now);
    return (this.#ends[slot] as number) < 0;
  }

  #moveEpoch(now: number): void {
    const ends = this.#ends;
    const by = now - this.#epoch;
    for (let slot = 0; slot < ends.length; slot += 1) {
      const end = ends[slot] as number;
      if (end !== never) ends[slot] = encode((end < far ? end : (end - far) * 1024) - by);
    }
    this.#epoch = now;
  }
}

function encode(afterMs: number): number {
  if (afterMs < far) return Math.max(-far, Math.ceil(afterMs));
  return Math.min(never, far + Math.ceil(afterMs / 1024));
}
