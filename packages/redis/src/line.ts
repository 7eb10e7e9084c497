import { BackendError, type Clock, TimeoutError } from "@cascata/core";
import { type Answer, Failed, serverCode } from "./answer.ts";
import { type Bucket, Deadlines, type Expiring } from "./deadlines.ts";
import type { Link } from "./link.ts";
import { type CommandOptions, type RedisArgument, sendThrough, type Topology } from "./redis-like.ts";
import type { Script } from "./scripts.ts";

/** A command and what its answer is worth. */
export interface Request {
  /** For messages: `get`, `setMulti` … */
  readonly what: string;
  readonly keyCount: number;
  readonly args: RedisArgument[];
  /** In a cluster: chooses the node. */
  readonly key?: string | undefined;
  /** The clock's instant after which the answer is of no use. The line's own deadline holds beside it. */
  readonly deadline?: number | undefined;
}

/** Bulk strings as bytes; and no time limit of the client's own, which would make a signal for each command. */
const asBuffers: CommandOptions = Object.freeze({ typeMapping: { 36: Buffer }, timeout: 0 });
/** What a socket takes in at once without asking to wait; less than that leaves in the same turn. */
const surelyWritten = 8 * 1024;
const missesWhenStuck = 3;

/**
 * Requests over one {@link Link}, each with a deadline. Nothing is sent after its deadline, no request waits for a lost
 * connection, and a connection that has been mute for three deadlines while it was asked is given up and made anew.
 */
export class Line {
  readonly #name: string;
  readonly #link: Link;
  readonly #topology: Topology;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #deadlines: Deadlines;
  #unanswered = 0;
  #unansweredBytes = 0;
  #misses = 0;
  /** The last instant at which the connection was known not to be mute. */
  #soundAt = 0;

  constructor(name: string, link: Link, topology: Topology, clock: Clock, deadlineMs: number) {
    this.#name = name;
    this.#link = link;
    this.#topology = topology;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#deadlines = new Deadlines(clock);
  }

  /** Whether the last requests went unanswered. */
  get missing(): boolean {
    return this.#misses > 0;
  }

  /** Whether a request would be sent, or wait for the first attempt to connect. */
  get askable(): boolean {
    return this.#link.client !== undefined || this.#link.state === "connecting";
  }

  /** The instant by which a request that is made now has to be answered. */
  until(deadline: number | undefined): number {
    const own = this.#clock.now() + this.#deadlineMs;
    return deadline === undefined || deadline > own ? own : deadline;
  }

  now(): number {
    return this.#clock.now();
  }

  /** What is said of a request that the server saw after its deadline. */
  tooLate(what: string): TimeoutError {
    return new TimeoutError(`${this.#name}: ${what}`, this.#deadlineMs);
  }

  /** While `run` goes on, an open connection keeps the process alive. */
  async held<T>(run: () => Promise<T>): Promise<T> {
    this.#link.hold();
    try {
      return await run();
    } finally {
      this.#link.release();
    }
  }

  /** Sends at once, or fails at once; only before the first attempt to connect has ended it waits, up to the deadline. */
  ask(request: Request): Promise<Answer> {
    return new Promise((settle) => {
      const now = this.#clock.now();
      const until = this.until(request.deadline);
      if (until <= now) {
        settle(new Failed(new TimeoutError(`${this.#name}: ${request.what}`, 0), false));
        return;
      }
      const call = new Call(this, request, settle, until - now);
      call.bucket = this.#deadlines.add(until, call);
      this.#link.hold();
      if (this.#link.state === "connecting") this.#link.whenKnown(() => this.#send(call));
      else this.#send(call);
    });
  }

  /** Runs a script by its digest, and by its text where the server has lost it. */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly RedisArgument[],
    { what, keyCount, key = keys[0], deadline }: Omit<Request, "args">,
  ): Promise<Answer> {
    // Pushed and spelt out: spreading arrays and objects costs a third of all that is done here for a request.
    const all: RedisArgument[] = ["EVALSHA", script.digest, String(keys.length)];
    for (const each of keys) all.push(each);
    for (const each of args) all.push(each);
    const until = this.until(deadline);
    const answer = await this.ask({ what, keyCount, args: all, key, deadline: until });
    if (!(answer instanceof Failed) || answer.code !== "NOSCRIPT") return answer;
    all[0] = "EVAL";
    all[1] = script.text;
    return await this.ask({ what, keyCount, args: all, key, deadline: until });
  }

  #send(call: Call): void {
    if (call.settled) return;
    const client = this.#link.client;
    if (client === undefined) {
      call.settle(new Failed(this.#link.refusal, false));
      return;
    }
    call.sent = true;
    const { args, key } = call.request;
    const bytes = bytesOf(args);
    if (this.#unanswered++ === 0) this.#soundAt = this.#clock.now();
    this.#unansweredBytes += bytes;
    // What waits in the client behind a full socket must be taken back at its deadline. A signal is dear, so it is only
    // for what might wait.
    const waits = this.#unansweredBytes > surelyWritten ? call.bucket : undefined;
    const options = waits === undefined ? asBuffers : { ...asBuffers, abortSignal: waits.takeSignal() };
    const done = (answer: Answer): void => {
      this.#unanswered--;
      this.#unansweredBytes -= bytes;
      call.settle(answer);
    };
    sendThrough(client, this.#topology, key, args, options).then(
      (reply) => {
        this.#heard();
        done(reply);
      },
      (error: unknown) => done(this.#failure(call, error)),
    );
  }

  #heard(): void {
    this.#misses = 0;
    this.#soundAt = this.#clock.now();
  }

  #failure(call: Call, error: unknown): Failed {
    const { what, keyCount } = call.request;
    const answered = serverCode(error) !== "";
    if (answered) this.#heard();
    const kind = error instanceof Error ? error.constructor.name : "";
    if (kind === "AbortError") return new Failed(call.timeout, false);
    return new Failed(new BackendError(this.#name, what, keyCount, error), !unsent.has(kind), answered);
  }

  /** @internal */
  finished(): void {
    this.#link.release();
  }

  /** @internal */
  expired(call: Call): void {
    call.settle(new Failed(call.timeout, call.sent));
    if (!call.sent) return;
    this.#misses++;
    const muteMs = this.#clock.now() - this.#soundAt;
    if (this.#misses < missesWhenStuck || this.#unanswered === 0 || muteMs < missesWhenStuck * this.#deadlineMs) return;
    this.#misses = 0;
    this.#link.reset(new TimeoutError(`${this.#name}: any answer`, Math.round(muteMs)));
  }

  /** @internal */
  get name(): string {
    return this.#name;
  }
}

/** Errors that a client gives before anything has left. */
const unsent: ReadonlySet<string> = new Set(["ClientOfflineError", "ClientClosedError"]);

class Call implements Expiring {
  readonly request: Request;
  readonly #line: Line;
  readonly #answer: (answer: Answer) => void;
  readonly #ms: number;
  bucket: Bucket | undefined;
  settled = false;
  sent = false;

  constructor(line: Line, request: Request, answer: (answer: Answer) => void, ms: number) {
    this.#line = line;
    this.request = request;
    this.#answer = answer;
    this.#ms = ms;
  }

  get timeout(): TimeoutError {
    return new TimeoutError(`${this.#line.name}: ${this.request.what}`, Math.round(this.#ms));
  }

  settle(answer: Answer): void {
    if (this.settled) return;
    this.settled = true;
    this.bucket?.members.delete(this);
    this.#line.finished();
    this.#answer(answer);
  }

  expire(): void {
    if (!this.settled) this.#line.expired(this);
  }
}

function bytesOf(args: readonly RedisArgument[]): number {
  let bytes = 0;
  for (const arg of args) bytes += arg.length + 16;
  return bytes;
}
