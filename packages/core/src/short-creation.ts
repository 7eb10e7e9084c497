import { isPromiseLike } from "./awaitable.ts";
import type { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Creation } from "./creation.ts";
import { ShortJob } from "./creation-job.ts";
import { type Creator, CreatorContext, CreatorVerdict } from "./creator.ts";
import { Fill, unleased } from "./fill.ts";
import { Flight, Landing } from "./flight.ts";
import { newEntry } from "./new-entry.ts";
import { isNoValue } from "./no-value.ts";
import { isAsyncFunction } from "./reentry.ts";
import type { RegionState } from "./region-state.ts";
import { ShortFlight } from "./short-flight.ts";
import { chainOf } from "./tiers.ts";

/**
 * The short way of a creation, for one key that a store of this process alone was just found to lack: no tier has to be
 * asked again, nobody leases, nothing is sorted. A creator that answers at once is done with in the turn in which it was
 * called, and nobody could have joined, so it gets no flight. Whatever else happens is {@link Creation}'s.
 */
export class ShortCreation {
  readonly #state: RegionState;
  readonly #creation: Creation;
  readonly #fill: Fill;

  private constructor(state: RegionState, creation: Creation) {
    this.#state = state;
    this.#creation = creation;
    this.#fill = new Fill(state);
  }

  /** `undefined` where there is more to a creation than a look-up in this process's memory. */
  static for(state: RegionState, creation: Creation): ShortCreation | undefined {
    const { backend, options, strategy, hasNearTier } = state;
    const isAlone = hasNearTier && backend.byReference && chainOf(backend) === undefined;
    const isCoherent = backend.leases === undefined && backend.changes === undefined && backend.marks === undefined;
    const isPlain = options.asyncCreationRunner === undefined && options.maxCreators === Number.POSITIVE_INFINITY;
    return isAlone && isCoherent && isPlain && strategy === undefined ? new ShortCreation(state, creation) : undefined;
  }

  /** Whether nothing stands in the way of this key just now. */
  isFree(key: string): boolean {
    const { backend, pending } = this.#state;
    return pending.size === 0 && backend.getMutex(key) === null;
  }

  /** The entry, stored; or, of anything but a plain value that is there at once, the flight that it goes on as. */
  run(key: string, givenKey: string, creator: Creator<unknown>, options: ResolvedCreateOptions): CachedValue | Flight {
    const { events, flights, reentry } = this.#state;
    if (events.observes("miss")) events.emit("miss", { key: givenKey, reason: "absent" });
    const context = new CreatorContext(givenKey, undefined);
    const short = new ShortFlight(key, givenKey, this.#start(), this.#state.knownOrder(), options);
    flights.pass(short);
    let value: unknown;
    try {
      value = reentry.run(short, isAsyncFunction(creator), creator, context);
    } catch (error) {
      flights.passed(short);
      const flight = this.#flight(short);
      this.#creation.threw(new ShortJob(flight, context, options, short), error);
      return flight;
    }
    flights.passed(short);
    return this.#isPlain(value, short, context, options)
      ? this.#store(short, options, value)
      : this.#goOn(short, context, options, value);
  }

  /** The real clock is read only for who asks how long a creator takes; the turn's own time is not later than the start. */
  #start(): number {
    const { events, options, stamps } = this.#state;
    const isTimed =
      options.earlyRefresh !== undefined || events.observes("created") || events.observes("creationFailed");
    return isTimed ? stamps.next() : stamps.ofThisTurn();
  }

  /** A value that is there already and stored as the call says, without asking anybody. */
  #isPlain(value: unknown, short: ShortFlight, context: CreatorContext, options: ResolvedCreateOptions): boolean {
    if (isPromiseLike(value) || value instanceof CreatorVerdict || isNoValue(value)) return false;
    if (options.shouldCacheFn !== undefined || typeof options.tags === "function" || !context.isUntouched) return false;
    return !short.broken && !this.#state.closed;
  }

  #store(short: ShortFlight, options: ResolvedCreateOptions, value: unknown): CachedValue | Flight {
    const { events, isolator, reentry } = this.#state;
    const durationMs = events.observes("created") ? this.#state.options.clock.now() - short.startedAt : undefined;
    let entry: CachedValue;
    try {
      entry = newEntry(this.#state.options, isolator.apart(value), short);
    } catch (error) {
      reentry.done();
      const flight = this.#flight(short);
      if (durationMs !== undefined) this.#tellCreated(short, durationMs);
      this.#creation.failed(flight, error, options);
      return flight;
    }
    reentry.done();
    const stored = this.#fill.storeOne(short, entry, options, unleased);
    // Only now: a listener that asks for the key finds it, and one that changes it changes what is stored.
    if (durationMs !== undefined) this.#tellCreated(short, durationMs);
    if (stored === undefined) return entry;
    return this.#landWith(stored, short, entry, options);
  }

  #tellCreated({ givenKey }: ShortFlight, durationMs: number): void {
    this.#state.events.emit("created", { keys: [givenKey], durationMs, regenerated: false });
  }

  /** Around the store is something that takes its time. */
  #landWith(
    stored: Promise<void>,
    short: ShortFlight,
    entry: CachedValue,
    { awaitFill }: ResolvedCreateOptions,
  ): CachedValue | Flight {
    this.#state.inBackground(stored, "a creation");
    if (!awaitFill) return entry;
    const flight = this.#flight(short);
    void stored.then(() => {
      this.#state.flights.remove(flight);
      flight.land(new Landing(entry, "created"));
    });
    return flight;
  }

  #goOn(short: ShortFlight, context: CreatorContext, options: ResolvedCreateOptions, value: unknown): Flight {
    const flight = this.#flight(short);
    this.#creation.goOn(new ShortJob(flight, context, options, short), value);
    return flight;
  }

  /** A flight in its place, which may be joined unless the key was changed. */
  #flight(short: ShortFlight): Flight {
    const flight = new Flight(short.key, short.givenKey);
    flight.beganAt = this.#state.options.clock.coarse();
    flight.hasRead(undefined);
    flight.broken = short.broken;
    if (!short.broken) this.#state.flights.add(flight);
    short.flight = flight;
    return flight;
  }
}
