import type { Line } from "./line.ts";

const mostKnown = 1000;

/**
 * Two lines to one server: big values travel on the second, which is made when first needed, so that small ones don't wait
 * behind them. How big a value is is known when it is written, and when it is read again.
 */
export class Lines {
  readonly small: Line;
  readonly #above: number;
  readonly #make: () => Line;
  readonly #known = new Set<string>();
  #big: Line | undefined;

  /** @param above bytes; `Infinity`: one line for everything */
  constructor(small: Line, above: number, make: () => Line) {
    this.small = small;
    this.#above = above;
    this.#make = make;
  }

  /** Whether any key is known to be big: asking for each is worth it. */
  get anyBig(): boolean {
    return this.#known.size > 0;
  }

  isBig(valueKey: string): boolean {
    return this.#known.size > 0 && this.#known.has(valueKey);
  }

  /** The line for big values; the other one while this cannot be asked. */
  get big(): Line {
    this.#big ??= this.#make();
    return this.#big.askable ? this.#big : this.small;
  }

  forBytes(bytes: number): Line {
    return bytes > this.#above ? this.big : this.small;
  }

  /** Told of each value that was written or read. */
  saw(valueKey: string, bytes: number): void {
    if (bytes <= this.#above) {
      if (this.#known.size > 0) this.#known.delete(valueKey);
      return;
    }
    this.#known.add(valueKey);
    const [oldest] = this.#known;
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
