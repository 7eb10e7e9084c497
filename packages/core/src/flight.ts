import type { CachedValue } from "./cached-value.ts";
import type { CreationFailure } from "./capabilities.ts";
import type { NoValue } from "./no-value.ts";
import type { ShortFlight } from "./short-flight.ts";
import { TransientMap } from "./transient-map.ts";

/** How a caller of `getOrCreate` came by its value. */
export type Origin = "cached" | "created" | "joined" | "stale" | "default";

/** What a flight ends with. NO_VALUE: the creator said that there is nothing to cache and nothing to give. */
export class Landing {
  readonly entry: CachedValue | NoValue;
  readonly origin: Origin;
  /** Where it was found, if it was and the flight has looked out for that. */
  readonly tier: string | undefined;

  constructor(entry: CachedValue | NoValue, origin: Origin, tier?: string) {
    this.entry = entry;
    this.origin = origin;
    this.tier = tier;
  }
}

/**
 * One key's way from "not fresh anywhere near" to a value: one read of the far tiers, at most one creation, and one
 * outcome, value or error, that all who have joined share.
 */
export class Flight {
  readonly key: string;
  /** The caller's key, before any mangler. */
  readonly givenKey: string;
  /** Broken by a change of the key: nobody joins any more, and what it creates is not stored. */
  broken = false;
  /** What may be served while it is under way, known once it has read. */
  stale: CachedValue | undefined;
  /** The clock's instant, coarsely. */
  beganAt = 0;
  /** The region's runner has it: nobody waits, everybody gets the stale value. */
  handedOver = false;
  waiters = 0;
  /** Told whenever the last of its waiters has left. */
  watch: { left(): void } | undefined;
  /** Whose lease it waits for, by the authority's last answer. */
  holder: string | undefined;
  /** What was told last of a failed creation of the key in another process. */
  failure: CreationFailure | undefined;
  #reading = true;
  #settled = false;
  #readers: (() => void)[] | undefined;
  #landing: Landing | undefined;
  #error: unknown;
  /** Made for the first who waits: a creation that ends in the turn in which it began needs none. */
  #outcome: Promise<Landing> | undefined;
  #resolve: ((landing: Landing) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(key: string, givenKey: string) {
    this.key = key;
    this.givenKey = givenKey;
  }

  get outcome(): Promise<Landing> {
    if (this.#outcome !== undefined) return this.#outcome;
    if (this.#settled)
      return this.#landing === undefined ? Promise.reject(this.#error) : Promise.resolve(this.#landing);
    this.#outcome = new Promise<Landing>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who waits for it handles its failure; a flight that nobody waits for any more must not end the process.
    this.#outcome.then(undefined, ignore);
    return this.#outcome;
  }

  /** What a settled flight ended with. @throws the error that it failed with */
  ended(): Landing {
    if (this.#landing === undefined) throw this.#error;
    return this.#landing;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Until it has read, nobody knows whether there is a stale value to be served at once. */
  get reading(): boolean {
    return this.#reading;
  }

  afterReading(): Promise<void> {
    return new Promise((resolve) => {
      this.#readers ??= [];
      this.#readers.push(resolve);
    });
  }

  hasRead(stale: CachedValue | undefined): void {
    this.stale = stale;
    this.#reading = false;
    if (this.#readers === undefined) return;
    for (const reader of this.#readers) reader();
    this.#readers = undefined;
  }

  land(landing: Landing): void {
    this.#landing = landing;
    this.#end();
    this.#resolve?.(landing);
  }

  fail(error: unknown): void {
    this.#error = error;
    this.#end();
    this.#reject?.(error);
  }

  leave(): void {
    this.waiters -= 1;
    if (this.waiters === 0 && !this.#settled) this.watch?.left();
  }

  #end(): void {
    this.#settled = true;
    if (this.#reading) this.hasRead(undefined);
  }
}

function ignore(): void {}

/** The flights of a region, by key. Bounded by the work in flight. */
export class Flights {
  /**
   * One that may be joined, beside the Map: a Map to which one key comes and goes is made anew every few times, which costs
   * more than the rest of a creation in memory.
   */
  #first: Flight | undefined;
  /** The others that may be joined. */
  readonly #joinable = new TransientMap<string, Flight>();
  /** Those that may no longer be joined and have not landed: a change of the key still concerns what they would store. */
  readonly #forgotten = new Set<Flight>();
  /** Those whose creators are being called, the innermost first. */
  #passing: ShortFlight | undefined;

  /** How many have not landed. */
  get size(): number {
    return (this.#first === undefined ? 0 : 1) + this.#joinable.size + this.#forgotten.size;
  }

  get(key: string): Flight | undefined {
    if (this.#first !== undefined && this.#first.key === key) return this.#first;
    return this.#joinable.size === 0 ? undefined : this.#joinable.get(key);
  }

  /** In the place of an earlier one of the key, if there is one. */
  add(flight: Flight): void {
    const { key } = flight;
    if (this.#first === undefined ? !this.#joinable.has(key) : this.#first.key === key) this.#first = flight;
    else this.#joinable.set(key, flight);
  }

  /** Nobody joins it, but a change of the key concerns it. */
  watch(flight: Flight): void {
    this.#forgotten.add(flight);
  }

  /** Whether the key is being created. */
  has(key: string): boolean {
    for (let passing = this.#passing; passing !== undefined; passing = passing.around)
      if (passing.key === key) return true;
    return this.get(key) !== undefined;
  }

  pass(short: ShortFlight): void {
    short.around = this.#passing;
    this.#passing = short;
  }

  passed(short: ShortFlight): void {
    this.#passing = short.around;
  }

  remove(flight: Flight): void {
    if (!this.#leave(flight) && this.#forgotten.size > 0) this.#forgotten.delete(flight);
  }

  /** The key was changed: whoever comes now starts anew, and what is under way is not stored. */
  break(key: string): void {
    const flight = this.get(key);
    if (flight !== undefined) {
      flight.broken = true;
      this.#leave(flight);
    }
    for (let passing = this.#passing; passing !== undefined; passing = passing.around)
      if (passing.key === key) passing.broken = true;
    if (this.#forgotten.size === 0) return;
    for (const forgotten of this.#forgotten) if (forgotten.key === key) forgotten.broken = true;
  }

  /** Nobody joins what has begun so far. */
  forget(key: string): void {
    const flight = this.get(key);
    if (flight === undefined) return;
    this.#leave(flight);
    this.#forgotten.add(flight);
  }

  /** Nobody joins it, and what it may yet create is not stored. */
  giveUp(flight: Flight): void {
    flight.broken = true;
    this.#leave(flight);
  }

  /** Something of unknown extent was invalidated: nobody joins what began before; marks judge what it stores. */
  forgetAll(): void {
    if (this.#first !== undefined) this.#forgotten.add(this.#first);
    this.#first = undefined;
    for (const flight of this.#joinable.values()) this.#forgotten.add(flight);
    this.#joinable.clear();
  }

  /** Nobody joins it any more. Says whether anybody could. */
  #leave(flight: Flight): boolean {
    if (this.#first === flight) {
      this.#first = undefined;
      return true;
    }
    return this.#joinable.get(flight.key) === flight && this.#joinable.delete(flight.key);
  }
}
