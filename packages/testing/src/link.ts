import { type Awaitable, isPromiseLike } from "@cascata/core";
import { type Deferred, deferred } from "./deferred.ts";

/** One message to a store. */
export interface LinkCall<T = unknown> {
  readonly operation: string;
  readonly keys: readonly string[];
  /** Makes the step happen in the store. Each call is one more arrival of the message. */
  run(): Awaitable<T>;
}

/**
 * Carries a call to the store and its answer back. What it does between is the network's doing: it may wait before or
 * after `run`, never call it, call it twice, or lose what it answered.
 */
export type Transport = <T>(call: LinkCall<T>) => Promise<T>;

/** A network without faults: the step happens at once, the answer comes in a later turn. */
export const directTransport: Transport = async (call) => call.run();

/** The connection broke while a call was under way: whether the step has happened is not known to the caller. */
export class LinkError extends Error {
  override readonly name: string = "LinkError";
}

/** A call that {@link Link} holds until the test lets it go. */
export interface HeldCall {
  readonly operation: string;
  readonly keys: readonly string[];
  /** The step happens now and the answer goes back. */
  deliver(): void;
  /** The step happens now and the answer is lost: the caller hears that the link broke. */
  loseAnswer(): void;
  /** The step never happens: the caller hears that the link broke. */
  lose(): void;
}

/** A network that a test plays: cut, mended, calls held back, let go in another order, lost on the way or on the way back. */
export class Link {
  readonly #held: HeldCall[] = [];
  readonly #cut = new Set<Deferred<never>>();
  #isCut = false;
  #holds: (call: LinkCall) => boolean = () => false;

  /** To be given to the client. */
  readonly transport: Transport = (call) => {
    if (this.#isCut) return Promise.reject(new LinkError("the link is cut"));
    return this.#holds(call) ? this.#hold(call) : this.#through(call);
  };

  /** Calls that are held, oldest first. */
  get held(): readonly HeldCall[] {
    return this.#held;
  }

  /** From now on holds the calls for which `which` answers true. */
  hold(which: (call: LinkCall) => boolean = () => true): void {
    this.#holds = which;
  }

  /** No longer holds new calls, and delivers those that are held, oldest first. */
  flow(): void {
    this.#holds = () => false;
    for (const call of [...this.#held]) call.deliver();
  }

  /** Calls fail; those under way are lost, with their answers. */
  cut(): void {
    this.#isCut = true;
    for (const call of [...this.#held]) call.lose();
    for (const broken of this.#cut) broken.reject(new LinkError("the link was cut"));
    this.#cut.clear();
  }

  mend(): void {
    this.#isCut = false;
  }

  async #through<T>(call: LinkCall<T>): Promise<T> {
    const answer = call.run();
    if (!isPromiseLike(answer)) return answer;
    const broken = deferred<never>();
    this.#cut.add(broken);
    try {
      return await Promise.race([answer, broken.promise]);
    } finally {
      this.#cut.delete(broken);
    }
  }

  #hold<T>(call: LinkCall<T>): Promise<T> {
    const answer = deferred<T>();
    const end = (what: () => void) => () => {
      const index = this.#held.indexOf(held);
      if (index < 0) return;
      this.#held.splice(index, 1);
      what();
    };
    const held: HeldCall = {
      operation: call.operation,
      keys: call.keys,
      deliver: end(() => void this.#through(call).then(answer.resolve, answer.reject)),
      lose: end(() => answer.reject(new LinkError("the request was lost"))),
      loseAnswer: end(() => {
        const lost = () => answer.reject(new LinkError("the answer was lost"));
        void this.#through(call).then(lost, lost);
      }),
    };
    this.#held.push(held);
    return answer.promise;
  }
}
