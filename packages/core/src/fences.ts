/** What a reader or a creator takes before it leaves, for any number of keys. */
export type FenceTicket = number;

/** Past that everything under way counts as broken: a reader that hangs must not make a change of each key be remembered. */
const mostRemembered = 10_000;

/**
 * The fences of work in flight: a ticket stands for a key until the key is changed by anybody; whoever comes later takes a
 * new one. Each change has a number, and a ticket is the number that it came after.
 *
 * Changes are remembered for those who are under way, in laps. A lap ends when all are back who left before it; what was
 * changed before it concerns nobody then. So taking and giving back cost the same for one key and for a thousand.
 */
export class Fences {
  /** Of the latest change. */
  #number = 0;
  #lapStart = 0;
  /** How many are under way who left before this lap, and in it. */
  #early = 0;
  #late = 0;
  /** The latest change of each key, before this lap and in it. */
  #before = new Map<string, number>();
  #changed = new Map<string, number>();
  #allChangedAt = 0;

  /** How many are under way. */
  get size(): number {
    return this.#early + this.#late;
  }

  /** How many changes are remembered. */
  get remembered(): number {
    return this.#before.size + this.#changed.size;
  }

  take(): FenceTicket {
    this.#late += 1;
    return this.#number;
  }

  /** Whether the key has not been changed since; to be asked before the ticket is given back. */
  stands(key: string, ticket: FenceTicket): boolean {
    return ticket >= this.#allChangedAt && !isLater(this.#changed, key, ticket) && !isLater(this.#before, key, ticket);
  }

  /** The work is done. */
  giveBack(ticket: FenceTicket): void {
    if (ticket < this.#lapStart) this.#early -= 1;
    else this.#late -= 1;
    if (this.#early === 0 && this.remembered > 0) this.#nextLap();
  }

  break(key: string): void {
    if (this.size === 0) return;
    this.#number += 1;
    this.#changed.set(key, this.#number);
    if (this.#changed.size > mostRemembered) this.breakAll();
  }

  breakAll(): void {
    this.#number += 1;
    this.#allChangedAt = this.#number;
    this.#before.clear();
    this.#changed.clear();
  }

  #nextLap(): void {
    this.#number += 1;
    this.#lapStart = this.#number;
    this.#early = this.#late;
    this.#late = 0;
    this.#before = this.#early > 0 ? this.#changed : new Map();
    this.#changed = new Map();
  }
}

function isLater(changes: ReadonlyMap<string, number>, key: string, ticket: FenceTicket): boolean {
  return changes.size > 0 && (changes.get(key) ?? 0) > ticket;
}
