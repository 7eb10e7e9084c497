import type { Trace } from "./policies.ts";

/** What nobody can beat: the entry whose next use lies farthest ahead gives way (Belady 1966). */
export function optimum({ keys, unique }: Trace, capacity: number): number {
  const next = nextUses(keys, unique);
  const heldUntil = new Int32Array(unique).fill(-1);
  const farthest = new FarthestFirst();
  let held = 0;
  let hits = 0;
  for (const [at, key] of keys.entries()) {
    if ((heldUntil[key] as number) >= 0) hits += 1;
    else held += 1;
    const use = next[at] as number;
    heldUntil[key] = use;
    farthest.add(use, key);
    while (held > capacity) {
      const { use: latest, key: candidate } = farthest.take();
      // Each use adds an item, so all but the last one of a key are out of date.
      if (heldUntil[candidate] !== latest) continue;
      heldUntil[candidate] = -1;
      held -= 1;
    }
  }
  return (100 * hits) / keys.length;
}

/** For each request, where its key comes next; past the end where it doesn't. */
function nextUses(keys: Int32Array, unique: number): Int32Array {
  const never = 2 ** 31 - 1;
  const next = new Int32Array(keys.length);
  const seen = new Int32Array(unique).fill(never);
  for (let at = keys.length - 1; at >= 0; at -= 1) {
    const key = keys[at] as number;
    next[at] = seen[key] as number;
    seen[key] = at;
  }
  return next;
}

/** A binary heap in two arrays: millions of items pass through it. */
class FarthestFirst {
  readonly #uses: number[] = [];
  readonly #keys: number[] = [];

  add(use: number, key: number): void {
    let at = this.#uses.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#uses[parent] as number) >= use) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#uses[at] = use;
    this.#keys[at] = key;
  }

  take(): { use: number; key: number } {
    const taken = { use: this.#uses[0] as number, key: this.#keys[0] as number };
    const use = this.#uses.pop() as number;
    const key = this.#keys.pop() as number;
    const size = this.#uses.length;
    if (size === 0) return taken;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && (this.#uses[child + 1] as number) > (this.#uses[child] as number)) child += 1;
      if ((this.#uses[child] as number) <= use) break;
      this.#move(child, at);
      at = child;
    }
    this.#uses[at] = use;
    this.#keys[at] = key;
    return taken;
  }

  #move(from: number, to: number): void {
    this.#uses[to] = this.#uses[from] as number;
    this.#keys[to] = this.#keys[from] as number;
  }
}
