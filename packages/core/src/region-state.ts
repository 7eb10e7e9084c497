import { Announcements } from "./announcements.ts";
import type { CacheBackend } from "./backend.ts";
import { type CachedValue, compareOrders, type Order } from "./cached-value.ts";
import { ClosedError, ValidationError } from "./errors.ts";
import { type Flight, Flights } from "./flight.ts";
import { Freshness } from "./freshness.ts";
import { GivenKeys } from "./given-keys.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { Isolator } from "./isolation.ts";
import type { KeyMangler } from "./keys.ts";
import { MarkBoard } from "./mark-board.ts";
import { newEntry } from "./new-entry.ts";
import { PendingDeletes } from "./pending-deletes.ts";
import { randomId } from "./random-id.ts";
import { ReentryGuard } from "./reentry.ts";
import type { RegionEventHub } from "./region-events.ts";
import { RegionListener } from "./region-listener.ts";
import { Replays } from "./replays.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";
import { Stamps } from "./stamps.ts";
import { StrategyBoard, StrategyProxy } from "./strategy-proxy.ts";
import { chainOf, type TierNames, tierNamesOf } from "./tiers.ts";
import { TransientMap } from "./transient-map.ts";

/** What the parts of a configured region share. */
export class RegionState {
  readonly options: ResolvedRegionOptions;
  /** What the region reads and writes: the outermost backend, and around it what asks the strategy, if there is one. */
  readonly backend: CacheBackend;
  readonly outermost: CacheBackend;
  readonly strategy: RegionInvalidationStrategy | undefined;
  /** The region itself, for whom its runner is called. */
  readonly owner: unknown;
  readonly events: RegionEventHub;
  readonly stamps: Stamps;
  readonly marks: MarkBoard;
  readonly pending: PendingDeletes = new PendingDeletes();
  readonly flights: Flights = new Flights();
  readonly replays: Replays | undefined;
  readonly freshness: Freshness;
  readonly announcements: Announcements;
  readonly reentry: ReentryGuard;
  readonly isolator: Isolator;
  /** Names this region's chain in what it writes. */
  readonly sender: string;
  /** Whether a read of the nearest tier alone is synchronous and touches no network. */
  readonly hasNearTier: boolean;
  readonly nearName: string;
  /** `close` has begun: what fails from now on says nothing to other processes. */
  closing = false;
  readonly #mangle: KeyMangler | undefined;
  #tiers: TierNames | undefined;
  #givenKeys: GivenKeys | undefined;
  readonly #background = new TransientMap<Promise<unknown>, Promise<unknown>>();
  readonly #endings: (() => void)[] = [];
  readonly #maxStalenessMs: number;
  readonly #listener: RegionListener | undefined;
  #known: Order | undefined;
  #closed = false;

  /** @param outermost what the user has composed: tiers and proxies */
  constructor(
    options: ResolvedRegionOptions,
    outermost: CacheBackend,
    events: RegionEventHub,
    strategy: RegionInvalidationStrategy | undefined,
    owner: unknown,
  ) {
    const { clock } = options;
    this.options = options;
    this.outermost = outermost;
    this.strategy = strategy;
    this.owner = owner;
    this.events = events;
    this.stamps = new Stamps(clock);
    this.#mangle = manglerOf(options.keyMangler, outermost.keyMangler);
    this.#maxStalenessMs = chainOf(outermost)?.maxStalenessMs ?? 10_000;
    const { marks, changes } = outermost;
    if (strategy === undefined) {
      this.backend = outermost;
      this.marks = new MarkBoard(marks, changes, clock, this.#maxStalenessMs);
    } else {
      const board = new StrategyBoard(marks, changes, clock, this.#maxStalenessMs);
      this.#givenKeys = this.#mangle === undefined ? undefined : new GivenKeys();
      const givenKey = (key: string) => this.#givenKeys?.of(key) ?? key;
      this.backend = new StrategyProxy(outermost, strategy, board, givenKey, chainOf(outermost) !== undefined);
      this.marks = board;
    }
    const { backend } = this;
    const { ttlMs, graceMs, valueVersion } = options;
    this.freshness = new Freshness({ clock, ttlMs, graceMs, formatVersion: valueVersion }, this.marks, this.pending);
    this.announcements = new Announcements(clock);
    this.isolator = new Isolator(options.isolation);
    this.reentry = new ReentryGuard(options.detectReentry);
    this.sender = chainOf(backend)?.sender ?? randomId();
    this.nearName = (chainOf(backend)?.near ?? backend).name;
    this.hasNearTier = !(chainOf(backend)?.near ?? backend).remote;
    this.replays = Replays.for(this);
    this.#endings.push(backend.watch((incident) => events.emit("incident", incident)));
    const feed = backend.changes;
    if (feed === undefined) return;
    this.#listener = new RegionListener(this, feed);
    this.#endings.push(feed.subscribe(this.#listener));
  }

  /**
   * The key below the region.
   * @throws ValidationError if it is not a string
   */
  inner(key: string): string {
    if (typeof key !== "string") throw new ValidationError({ path: "key", expected: "a string", received: key });
    if (this.#mangle === undefined) return key;
    const mangled = this.#mangle(key);
    this.#givenKeys?.note(mangled, key);
    if (typeof mangled !== "string")
      throw new ValidationError({ path: "keyMangler", expected: "a function that gives a text", received: mangled });
    return mangled;
  }

  /** The same for many; without a mangler the very array that was given. @throws ValidationError */
  innerAll(keys: readonly string[]): readonly string[] {
    if (this.#mangle !== undefined) return keys.map((key) => this.inner(key));
    for (let at = 0; at < keys.length; at += 1) this.inner(keys[at] as string);
    return keys;
  }

  /** The names that a call may leave out. */
  get tiers(): TierNames {
    this.#tiers ??= tierNamesOf(this.backend);
    return this.#tiers;
  }

  /** @throws ClosedError */
  assertOpen(): void {
    if (this.#closed) throw new ClosedError(`region "${this.options.name}"`);
  }

  /** The latest order of the authority that this process knows of: a lower bound for what starts now. */
  knownOrder(): Order | undefined {
    const feed = this.backend.changes;
    // A feed that isn't heard may be in an epoch that the store has left.
    if (feed?.live) this.note(feed.position);
    return this.#known;
  }

  note(order: Order | undefined): void {
    if (order === undefined) return;
    const difference = compareOrders(order, this.#known);
    if (difference === undefined || difference > 0) this.#known = order;
  }

  /** Whether nothing was heard of other processes' changes for longer than what is known may be out of date. */
  #isDeaf(): boolean {
    const feed = this.backend.changes;
    return feed !== undefined && this.options.clock.coarse() - feed.heardAt > this.#maxStalenessMs;
  }

  isTooOldToJoin(flight: Flight): boolean {
    return this.#isDeaf() && this.options.clock.coarse() - flight.beganAt > this.#maxStalenessMs;
  }

  /**
   * What may be served in place of what the flight makes, now: since it was read its grace may have ended, or the key have
   * been changed.
   */
  staleOf({ key, stale, broken }: Flight, expirationMs: number | undefined): CachedValue | undefined {
    if (stale === undefined || broken) return undefined;
    return this.freshness.judgeWith(expirationMs)(key, stale) === "absent" ? undefined : stale;
  }

  /** An entry for the callers alone, that is nowhere stored. */
  passing(payload: unknown, startedAt: number): CachedValue {
    const plan = { startedAt, startedOrder: undefined, ttlMs: 0, graceMs: 0, ownTtl: false };
    return newEntry(this.options, payload, plan);
  }

  /** Work that no caller waits for. Its failure goes to the logger; `close` waits for it, within its bound. */
  inBackground(work: Promise<unknown>, reason: string): void {
    const done: Promise<unknown> = work.then(
      () => this.#background.delete(done),
      (error: unknown) => {
        this.#background.delete(done);
        this.events.warn(`${reason} failed`, error);
      },
    );
    this.#background.set(done, done);
    this.keepFor(done);
  }

  /** A flight that goes on though nobody waits for it any more. How it ends is nobody's to handle. */
  goesOn(flight: Flight): void {
    const over = () => undefined;
    this.inBackground(flight.outcome.then(over, over), "a renewal");
  }

  /** For runtimes that stop with the response. */
  keepFor(work: Promise<unknown>): void {
    try {
      this.options.waitUntil?.(work);
    } catch (error) {
      this.events.warn("waitUntil failed", error);
    }
  }

  /** Called when the region ends, or another backend takes this one's place. */
  atEnd(run: () => void): void {
    this.#endings.push(run);
  }

  backgroundWork(): readonly Promise<unknown>[] {
    return this.#background.values();
  }

  end(): void {
    this.#closed = true;
    this.retire(this.backend);
    chainOf(this.backend)?.detach();
  }

  /** Another backend has taken its place: `next` may be around this one. */
  retire(next: CacheBackend): void {
    for (const end of this.#endings) end();
    this.flights.forgetAll();
    const chain = chainOf(this.backend);
    if (chain !== undefined && chain !== chainOf(next)) chain.detach();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls `run` whenever another store, or a replica, has taken the authority's place. */
  onNewEpoch(run: () => void): void {
    this.#listener?.onNewEpoch(run);
  }
}

function manglerOf(own: KeyMangler | false | undefined, backends: KeyMangler | undefined): KeyMangler | undefined {
  if (own === false) return undefined;
  if (own === undefined || backends === undefined) return own ?? backends;
  return (key) => backends(own(key));
}
