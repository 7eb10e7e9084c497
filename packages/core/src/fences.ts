/**
 * What a reader or a creator takes before it leaves: it stands until the key is changed by anybody. One object serves all
 * that are under way for the key.
 */
export interface FenceTicket {
  readonly standing: boolean;
}

interface Fence extends FenceTicket {
  standing: boolean;
  holders: number;
}

/**
 * The fences of keys with work in flight. A change breaks the tickets of its key; whoever comes later takes a new one.
 * Memory is bounded by the work in flight, not by the keys.
 */
export class Fences {
  readonly #fences = new Map<string, Fence>();

  /** How many keys have work in flight. */
  get size(): number {
    return this.#fences.size;
  }

  take(key: string): FenceTicket {
    let fence = this.#fences.get(key);
    if (fence === undefined) {
      fence = { standing: true, holders: 0 };
      this.#fences.set(key, fence);
    }
    fence.holders += 1;
    return fence;
  }

  /** The work is done. Says whether the ticket still stood. */
  giveBack(key: string, ticket: FenceTicket): boolean {
    const fence = ticket as Fence;
    fence.holders -= 1;
    if (fence.holders === 0 && fence.standing) this.#fences.delete(key);
    return fence.standing;
  }

  break(key: string): void {
    const fence = this.#fences.get(key);
    if (fence === undefined) return;
    fence.standing = false;
    this.#fences.delete(key);
  }

  breakAll(): void {
    for (const fence of this.#fences.values()) fence.standing = false;
    this.#fences.clear();
  }
}
