import type { BusMessage } from "./bus-message.ts";

interface Other {
  /** How many notices it had told when it was heard last. */
  told: number;
  heardAt: number;
}

/** What a message says beside its content. */
export interface Heard {
  /** A notice that has not been heard before. */
  readonly isNews: boolean;
  /** Whether notices of this member, told since one was here, were missed. */
  readonly isGap: boolean;
}

/**
 * Who else is on a bus, and how far each of them has been heard: each counts its notices, so that a missing one is noticed
 * with the next word of its member, a heartbeat at the latest.
 */
export class BusRoll {
  readonly #others = new Map<string, Other>();
  /** Who has not been heard since this member could hear nothing itself. */
  readonly #awaited = new Set<string>();

  /** How many others there are. */
  get size(): number {
    return this.#others.size;
  }

  /** Whether all have been heard since {@link awaitAll}. */
  get isComplete(): boolean {
    return this.#awaited.size === 0;
  }

  hear({ from, kind, number }: BusMessage, now: number): Heard {
    const other = this.#others.get(from);
    // Whose first words were lost, or were said before one was here, may have told anything.
    const told = other?.told ?? 0;
    const isNews = kind === "notice" && number > told;
    const isGap = number > told + (isNews ? 1 : 0);
    if (kind === "bye") this.#forget(from);
    else if (other === undefined) this.#others.set(from, { told: number, heardAt: now });
    else {
      other.told = Math.max(told, number);
      other.heardAt = now;
    }
    this.#awaited.delete(from);
    return { isNews, isGap };
  }

  /** From now on nobody counts as heard. */
  awaitAll(): void {
    for (const from of this.#others.keys()) this.#awaited.add(from);
  }

  /**
   * Forgets those who had not been heard for `boundMs` when one was last known to hear oneself, at `heardAt`, and had been
   * hearing since `since`. Says whether there were any.
   */
  forgetLapsed(heardAt: number, since: number, boundMs: number): boolean {
    const lapsed = [...this.#others].filter(([, other]) => heardAt - Math.max(other.heardAt, since) > boundMs);
    for (const [from] of lapsed) this.#forget(from);
    return lapsed.length > 0;
  }

  #forget(from: string): void {
    this.#others.delete(from);
    this.#awaited.delete(from);
  }
}
