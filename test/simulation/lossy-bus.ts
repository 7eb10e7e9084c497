import type { Bus, BusLink, BusListener } from "@cascata/core";
import { LinkError, type Random } from "@cascata/testing";
import type { SimClock } from "./sim-clock.ts";
import type { PausableClock } from "./world.ts";

/** A bus that delays, loses and is cut off, each process's way by itself; what comes of one sender keeps its order. */
export class LossyBus {
  readonly clock: SimClock;
  readonly random: Random;
  readonly ports: BusWay[] = [];

  constructor(clock: SimClock, random: Random) {
    this.clock = clock;
    this.random = random;
  }

  port(clock: PausableClock): BusWay {
    const port = new BusWay(this, clock);
    this.ports.push(port);
    return port;
  }
}

/** One process's way to the bus, and back. */
export class BusWay implements Bus {
  readonly name = "lossy bus";
  /** One way, in milliseconds. */
  latency = { base: 0.3, spread: 5 };
  /** The share of messages that are lost on their way to this process. */
  loss = 0;
  /** Nothing goes either way: `silently`, or so that sending fails. */
  cut: "not" | "silently" | "loudly" = "not";
  readonly #bus: LossyBus;
  readonly #clock: PausableClock;
  readonly #listeners = new Set<BusListener>();
  readonly #lastArrival = new Map<BusWay, number>();

  constructor(bus: LossyBus, clock: PausableClock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  join(listener: BusListener): BusLink {
    this.#listeners.add(listener);
    return {
      send: (text) => this.#send(text),
      close: () => void this.#listeners.delete(listener),
    };
  }

  /** Nothing of it is there any more, and nobody is told. */
  crash(): void {
    this.#listeners.clear();
    this.cut = "silently";
  }

  #send(text: string): Promise<void> {
    if (this.cut === "loudly") return Promise.reject(new LinkError("the bus is cut off"));
    if (this.cut === "silently") return new Promise(() => undefined);
    const outMs = this.#delay();
    for (const port of this.#bus.ports) port.#take(this, text, outMs);
    return new Promise((resolve) => this.#bus.clock.schedule(() => this.#clock.whenRunning(resolve), 2 * outMs));
  }

  #take(from: BusWay, text: string, outMs: number): void {
    const { clock, random } = this.#bus;
    const isLost = random.chance(this.loss);
    const at = Math.max(this.#lastArrival.get(from) ?? 0, clock.now() + outMs + this.#delay());
    this.#lastArrival.set(from, at);
    clock.schedule(() => {
      if (isLost || this.cut !== "not") return;
      this.#clock.whenRunning(() => {
        for (const listener of [...this.#listeners]) listener.message(text);
      });
    }, at - clock.now());
  }

  #delay(): number {
    return this.latency.base + this.#bus.random.next() * this.latency.spread;
  }
}
