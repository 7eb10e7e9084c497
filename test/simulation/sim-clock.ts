import type { Clock, Timer } from "@cascata/core";

interface Event {
  readonly at: number;
  readonly turn: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Resolves when every promise reaction that is due has run, however long the chains are: Node runs what was given to
 * `nextTick` meanwhile when no reaction is left. A turn of the event loop, which would do as well, costs more than all that
 * happens between two events.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

/** Virtual time for many processes: a heap of events, all promise reactions run between two of them. */
export class SimClock implements Clock {
  readonly startedAt = 1_700_000_000_000;
  #now = this.startedAt;
  #turn = 0;
  readonly #heap: Event[] = [];

  now(): number {
    return this.#now;
  }

  coarse(): number {
    return this.#now;
  }

  /** Milliseconds since the world began: what histories show. */
  get elapsed(): number {
    return this.#now - this.startedAt;
  }

  schedule(run: () => void, ms: number): Timer {
    const event: Event = { at: this.#now + Math.max(0, ms), turn: this.#turn++, run, cancelled: false };
    this.#push(event);
    return {
      cancel: () => {
        event.cancelled = true;
      },
    };
  }

  async runUntil(elapsed: number): Promise<void> {
    const until = this.startedAt + elapsed;
    await settled();
    for (let event = this.#heap[0]; event !== undefined && event.at <= until; event = this.#heap[0]) {
      this.#pop();
      if (event.cancelled) continue;
      this.#now = event.at;
      event.run();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn);
}
