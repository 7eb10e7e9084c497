import { EventEmitter } from "eventemitter3";
import { isPromiseLike } from "./awaitable.ts";
import type { BackendIncident } from "./backend.ts";
import { ValidationError } from "./errors.ts";
import type { Origin } from "./flight.ts";
import type { Staleness } from "./freshness.ts";
import { unknownName } from "./options.ts";

/** What a region tells. Keys are the caller's. */
export interface RegionEvents {
  /** A fresh value was served without creating anything, from that tier. */
  hit: (event: { readonly key: string; readonly tier: string | undefined }) => void;
  /** Nothing fresh: why. `failed`: no tier could be read. */
  miss: (event: { readonly key: string; readonly reason: Staleness | "absent" | "failed" }) => void;
  /** A stale value was served. */
  stale: (event: {
    readonly key: string;
    readonly reason: "refreshing" | "soft-timeout" | "error" | "retry-after" | "unconfirmed";
  }) => void;
  /** A creator has finished: how long it took, for which keys. */
  created: (event: {
    readonly keys: readonly string[];
    readonly durationMs: number;
    readonly regenerated: boolean;
  }) => void;
  creationFailed: (event: {
    readonly keys: readonly string[];
    readonly durationMs: number;
    readonly error: unknown;
  }) => void;
  /** What a creator made was not stored in the authority. `lease`: it came too late. */
  fillRefused: (event: {
    readonly key: string;
    readonly reason: "lease" | "changed" | "store" | "failed";
    readonly error?: unknown;
  }) => void;
  /** A tier could not be read or written. */
  tierFailed: (event: {
    readonly tier: string;
    readonly operation: "read" | "write" | "delete";
    readonly key: string;
    readonly error: Error;
  }) => void;
  set: (event: { readonly keys: readonly string[]; readonly confirmed: boolean }) => void;
  deleted: (event: { readonly keys: readonly string[]; readonly confirmed: boolean }) => void;
  invalidated: (event: {
    readonly names: readonly string[];
    readonly mode: "hard" | "soft";
    readonly confirmed: boolean;
  }) => void;
  /** A delete or an invalidation is not confirmed yet and goes on being tried. */
  pending: (event: { readonly what: string; readonly count: number; readonly error: unknown }) => void;
  /** Changes of the shared tier may have been missed, or can be heard again. */
  coherence: (event: { readonly state: "silent" | "resumed" | "uncertain"; readonly reason: string }) => void;
  /** A tier noticed something that is nobody's answer: a corrupt entry, a circuit that opens. */
  incident: (event: BackendIncident) => void;
  /** How one caller has come by one value; `tier`: where it was found. For metrics. */
  served: (event: { readonly key: string; readonly origin: Origin; readonly tier: string | undefined }) => void;
}

export type RegionEventName = keyof RegionEvents;

/** Every event. */
export const regionEventNames: readonly RegionEventName[] = Object.keys({
  hit: true,
  miss: true,
  stale: true,
  created: true,
  creationFailed: true,
  fillRefused: true,
  tierFailed: true,
  set: true,
  deleted: true,
  invalidated: true,
  pending: true,
  coherence: true,
  incident: true,
  served: true,
} satisfies Record<RegionEventName, true>) as RegionEventName[];

/** Told of what goes wrong where no caller can be told: a listener that throws, a background fill that fails. */
export interface Logger {
  warn(message: string, details?: unknown): void;
}

/** Events that cost nothing while nobody listens, and whose listeners can't harm the cache. */
export class RegionEventHub {
  readonly #emitter = new EventEmitter();
  readonly #logger: Logger | undefined;
  readonly #observed = new Map<RegionEventName, number>();
  /** Whether anybody wants to know of hits: asked on the hottest path. */
  observesHits = false;
  #observesHit = false;
  #observesServed = false;
  // Called without the emitter's own look-up, which costs as much as the listener.
  #onHit: readonly RegionEvents["hit"][] = [];
  #onServed: readonly RegionEvents["served"][] = [];

  constructor(logger: Logger | undefined) {
    this.#logger = logger;
  }

  on<E extends RegionEventName>(event: E, listener: RegionEvents[E]): () => void {
    if (typeof listener !== "function")
      throw new ValidationError({ path: "listener", expected: "a function", received: listener });
    if (!regionEventNames.includes(event))
      throw new ValidationError(unknownName("event", event, regionEventNames, event));
    const threw = (error: unknown): void => this.warn(`a listener of "${event}" threw`, error);
    const guarded = (details: unknown): void => {
      try {
        const answer: unknown = (listener as (details: unknown) => unknown)(details);
        // An async listener's failure would end the process.
        if (isPromiseLike(answer)) answer.then(undefined, threw);
      } catch (error) {
        threw(error);
      }
    };
    this.#emitter.on(event, guarded);
    this.#count(event, 1);
    let listening = true;
    return () => {
      if (!listening) return;
      listening = false;
      this.#emitter.off(event, guarded);
      this.#count(event, -1);
    };
  }

  observes(event: RegionEventName): boolean {
    // Most regions have no listener at all, and a creation asks for several events.
    return this.#observed.size > 0 && this.#observed.has(event);
  }

  emit<E extends RegionEventName>(event: E, details: Parameters<RegionEvents[E]>[0]): void {
    if (this.observes(event)) this.#emitter.emit(event, details);
  }

  /** Both events of a hit, without looking them up. */
  hit(key: string, tier: string | undefined): void {
    if (this.#observesHit) for (const listener of this.#onHit) listener({ key, tier });
    if (this.#observesServed) for (const listener of this.#onServed) listener({ key, origin: "cached", tier });
  }

  /** What a caller was given, however it came by it. */
  served(key: string, origin: Origin, tier: string | undefined): void {
    if (origin === "cached") this.hit(key, tier);
    else if (this.#observesServed) for (const listener of this.#onServed) listener({ key, origin, tier });
  }

  warn(message: string, details?: unknown): void {
    try {
      const answer: unknown = this.#logger?.warn(message, details);
      // A logger that throws, at once or later, has nobody left to tell.
      if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
    } catch {}
  }

  clear(): void {
    this.#emitter.removeAllListeners();
    this.#observed.clear();
    this.#noteHits();
  }

  #count(event: RegionEventName, by: number): void {
    const count = (this.#observed.get(event) ?? 0) + by;
    if (count === 0) this.#observed.delete(event);
    else this.#observed.set(event, count);
    this.#noteHits();
  }

  #noteHits(): void {
    this.#onHit = this.#emitter.listeners("hit") as RegionEvents["hit"][];
    this.#onServed = this.#emitter.listeners("served") as RegionEvents["served"][];
    this.#observesHit = this.#observed.has("hit");
    this.#observesServed = this.#observed.has("served");
    this.observesHits = this.#observesHit || this.#observesServed;
  }
}
