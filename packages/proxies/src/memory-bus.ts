import { type Bus, type BusLink, type BusListener, ClosedError } from "@cascata/core";

/** A bus inside one process, for those who have this very object: several backends over one store, and tests. It loses nothing. */
export function memoryBus(): Bus {
  return new MemoryBus();
}

class MemoryBus implements Bus {
  readonly name = "memory";
  readonly #members = new Set<{ readonly listener: BusListener }>();

  join(listener: BusListener): BusLink {
    const member = { listener };
    this.#members.add(member);
    return {
      send: (text) => {
        if (!this.#members.has(member)) throw new ClosedError("the memory bus");
        const heard = [...this.#members];
        queueMicrotask(() => {
          for (const one of heard) if (this.#members.has(one)) one.listener.message(text);
        });
      },
      close: () => void this.#members.delete(member),
    };
  }
}
