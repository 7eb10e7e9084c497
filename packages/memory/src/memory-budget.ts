import { ConfigurationError, type Mistake, type Size, sizeBytes } from "@cascata/core";

/** At least one of the two bounds. */
export type MemoryBudgetOptions =
  | { readonly maxEntries: number; readonly maxSize?: Size }
  | { readonly maxEntries?: number; readonly maxSize: Size };

/** Something that holds entries under a {@link MemoryBudget}. */
export interface BudgetMember {
  readonly count: number;
  readonly bytes: number;
  /** Drops what its policy would drop next; `false` when it is empty. */
  evict(): boolean;
}

/**
 * A bound that several memory tiers share, and that the scopes of one tier share. It holds after every write: while the sum
 * is over the bound, the member that holds the most gives way, so that one that fills quickly cannot starve the small ones.
 */
export class MemoryBudget {
  /** `Infinity`: entries are not counted. */
  readonly maxEntries: number;
  /** `Infinity`: nothing is weighed. */
  readonly maxBytes: number;
  readonly #members = new Set<BudgetMember>();

  /** @throws ConfigurationError when neither bound is given, or one isn't a positive number */
  constructor(options: MemoryBudgetOptions) {
    const { maxEntries, maxSize } = options;
    const mistakes: Mistake[] = [];
    if (maxEntries === undefined && maxSize === undefined) {
      mistakes.push({ path: "maxEntries", expected: "a bound: maxEntries or maxSize", received: undefined });
    }
    if (maxEntries !== undefined && !(Number.isSafeInteger(maxEntries) && maxEntries > 0)) {
      mistakes.push({ path: "maxEntries", expected: "a whole number from 1 on", received: maxEntries });
    }
    this.maxBytes = maxSize === undefined ? Number.POSITIVE_INFINITY : boundOf(maxSize, mistakes);
    if (mistakes.length > 0) throw new ConfigurationError(mistakes);
    this.maxEntries = maxEntries ?? Number.POSITIVE_INFINITY;
  }

  /** What all members hold together. */
  get entries(): number {
    let sum = 0;
    for (const member of this.#members) sum += member.count;
    return sum;
  }

  /** The weight of what all members hold together; 0 where nothing is weighed. */
  get bytes(): number {
    let sum = 0;
    for (const member of this.#members) sum += member.bytes;
    return sum;
  }

  /** Counts `member` from now on. What comes back ends that. */
  join(member: BudgetMember): () => void {
    this.#members.add(member);
    return () => void this.#members.delete(member);
  }

  /** Called by a member that has grown; gives back once the bound holds. */
  settle(): void {
    if (this.#members.size < 2) return;
    if (this.maxEntries < Number.POSITIVE_INFINITY)
      this.#shrink(this.entries - this.maxEntries, (member) => member.count);
    if (this.maxBytes < Number.POSITIVE_INFINITY) this.#shrink(this.bytes - this.maxBytes, (member) => member.bytes);
  }

  #shrink(excess: number, held: (member: BudgetMember) => number): void {
    let left = excess;
    while (left > 0) {
      let fullest: BudgetMember | undefined;
      for (const member of this.#members) if (fullest === undefined || held(member) > held(fullest)) fullest = member;
      if (fullest === undefined) return;
      const before = held(fullest);
      if (!fullest.evict()) return;
      left -= before - held(fullest);
    }
  }
}

function boundOf(maxSize: Size, mistakes: Mistake[]): number {
  try {
    const bytes = sizeBytes(maxSize, "maxSize");
    if (bytes > 0 && bytes < Number.POSITIVE_INFINITY) return bytes;
    mistakes.push({ path: "maxSize", expected: "a finite size above 0", received: maxSize });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    mistakes.push(...error.mistakes);
  }
  return 0;
}
