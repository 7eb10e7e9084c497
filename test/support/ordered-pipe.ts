import type { Socket } from "node:net";

/** Beyond so many waiting bytes the sender is made to wait too, as its peer's full buffers would. */
const maxWaitingBytes = 1 << 20;

interface Waiting {
  /** `undefined` is the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly dueAt: number;
}

/** What decides about one direction of a connection; read at each step, so that it can change meanwhile. */
export interface PipeConditions {
  readonly latencyMs: number;
  readonly held: boolean;
}

/** Carries one direction of a connection: late or not, held or not, but always in order and without loss. */
export class OrderedPipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #conditions: () => PipeConditions;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lastDueAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, conditions: () => PipeConditions) {
    this.#from = from;
    this.#to = to;
    this.#conditions = conditions;
    from.on("data", (chunk) => this.#take(chunk));
    from.on("end", () => this.#take(undefined));
    to.on("drain", () => this.pump());
  }

  /** Bytes taken and not yet passed on. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  #take(chunk: Buffer | undefined): void {
    // Never due before what came earlier: a latency that shrinks must not let bytes overtake.
    this.#lastDueAt = Math.max(this.#lastDueAt, performance.now() + this.#conditions().latencyMs);
    this.#waiting.push({ chunk, dueAt: this.#lastDueAt });
    this.#waitingBytes += chunk?.length ?? 0;
    if (this.#waitingBytes > maxWaitingBytes) this.#from.pause();
    this.pump();
  }

  /** Passes on what is due. Called again whenever the conditions change. */
  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#conditions().held && !this.#to.writableNeedDrain) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const wait = next.dueAt - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(wait));
        return;
      }
      this.#waiting.shift();
      this.#waitingBytes -= next.chunk?.length ?? 0;
      if (next.chunk === undefined) this.#to.end();
      else this.#to.write(next.chunk);
    }
    if (this.#waitingBytes <= maxWaitingBytes && !this.#from.destroyed) this.#from.resume();
  }

  /** Forgets what waits. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }
}
