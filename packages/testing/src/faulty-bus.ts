import type { Awaitable, Bus, BusLink, BusListener } from "@cascata/core";

/** A bus in memory whose every fault a test plays. Each process has a {@link BusPort} of its own. */
export class FaultyBus {
  readonly #ports = new Set<BusPort>();
  readonly #said: string[] = [];

  /** What has been sent so far and was taken, by whomever, oldest first. */
  get said(): readonly string[] {
    return this.#said;
  }

  /** One process's way to the bus. */
  port(): BusPort {
    const port = new BusPort((text) => {
      this.#said.push(text);
      // Everybody is told in one order, in a turn of their own.
      for (const each of this.#ports) each.arrives(text);
    });
    this.#ports.add(port);
    return port;
  }
}

/** See {@link FaultyBus}. */
export class BusPort implements Bus {
  readonly name = "faulty bus";
  /** What is sent is lost on the way, and nobody is told. */
  losesSent: (text: string) => boolean = () => false;
  /** What comes is lost on the way, and nobody is told. */
  losesHeard: (text: string) => boolean = () => false;
  /** Sending fails with this. */
  refuses: Error | undefined;
  /** The bus has what is sent, and does not say so. */
  hangs = false;
  readonly #send: (text: string) => void;
  readonly #listeners = new Set<{ readonly listener: BusListener }>();
  #held: string[] | undefined;

  /** Made by {@link FaultyBus.port}. */
  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** How many have joined through this port and not left. */
  get joined(): number {
    return this.#listeners.size;
  }

  /** Nothing goes out or comes in any more, and nobody is told. */
  cut(): void {
    this.losesSent = () => true;
    this.losesHeard = () => true;
  }

  mend(): void {
    this.losesSent = () => false;
    this.losesHeard = () => false;
    this.refuses = undefined;
    this.hangs = false;
  }

  /** What comes waits for {@link flow}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Delivers what waits, in its order. */
  flow(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.arrives(text);
  }

  /** Tells those who have joined that the bus knows that it can't be heard. */
  tellSilent(reason: string): void {
    for (const { listener } of [...this.#listeners]) listener.silent(reason);
  }

  /** The same of what will never come. */
  tellLost(reason: string): void {
    for (const { listener } of [...this.#listeners]) listener.lost(reason);
  }

  join(listener: BusListener): BusLink {
    const member = { listener };
    this.#listeners.add(member);
    return {
      send: (text) => this.#sent(member, text),
      close: () => void this.#listeners.delete(member),
    };
  }

  /** A text reaches this port. */
  arrives(text: string): void {
    if (this.#held !== undefined) this.#held.push(text);
    else if (!this.losesHeard(text)) {
      const heard = [...this.#listeners];
      queueMicrotask(() => {
        for (const one of heard) if (this.#listeners.has(one)) one.listener.message(text);
      });
    }
  }

  #sent(member: { readonly listener: BusListener }, text: string): Awaitable<void> {
    if (!this.#listeners.has(member)) throw new Error("the bus was left");
    if (this.refuses !== undefined) return Promise.reject(this.refuses);
    if (!this.losesSent(text)) this.#send(text);
    if (this.hangs) return new Promise(() => undefined);
  }
}
