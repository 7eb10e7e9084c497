import {
  type Awaitable,
  applyProxy,
  type BackendIncident,
  type CacheBackend,
  type ChangeFeed,
  createRegion,
  type Operation,
  ProxyBackend,
  type Region,
  type RegionOptions,
  type Run,
  stackWith,
  TimeoutError,
  type WriteOutcome,
} from "@cascata/core";
import { MemoryBackend } from "@cascata/memory";
import { type PublishOptions, publish } from "@cascata/proxies";
import {
  AsyncMapBackend,
  type BusPort,
  type Deferred,
  deferred,
  FaultyBus,
  ManualClock,
  RecordingListener,
} from "@cascata/testing";

/** One process's view of the store: a test holds its calls, counts them, and loses their answers. Closing it closes nothing. */
export class StoreView extends ProxyBackend {
  readonly calls: string[] = [];
  /** What a write answers instead of what it came to. */
  outcome: WriteOutcome | undefined;
  #gate: Deferred<void> | undefined;
  #gated: (operation: Operation) => boolean = () => false;

  override close(): void {}

  /** Calls of this kind wait until what is returned is called, and reach the store then. */
  hold(which: (operation: Operation) => boolean): () => void {
    const gate = deferred<void>();
    this.#gate = gate;
    this.#gated = which;
    return () => {
      if (this.#gate === gate) this.#gated = () => false;
      gate.resolve();
    };
  }

  protected override around<T>(operation: Operation, run: Run<T>, keys: readonly string[]): Awaitable<T> {
    const call = async (): Promise<T> => {
      if (this.#gated(operation)) await this.#gate?.promise;
      this.calls.push(`${operation} ${keys.join()}`);
      const answer = await run();
      return operation === "delete" && this.outcome !== undefined ? (this.outcome as T) : answer;
    };
    return call();
  }
}

export const unknown: WriteOutcome = { status: "unknown", error: new TimeoutError("store", 250) };

/** One process: its view of the store, its way to the bus, its feed and its region over a near tier. */
export interface Process {
  readonly port: BusPort;
  readonly view: StoreView;
  readonly backend: CacheBackend;
  readonly feed: ChangeFeed;
  readonly heard: RecordingListener;
  /** Ends what `heard` hears. */
  readonly leave: () => void;
  readonly incidents: BackendIncident[];
  readonly region: Region;
  /** The region's events of coherence, in order. */
  readonly coherence: string[];
}

/** Several processes over one plain store, each with a publishing proxy around its view of it, and one bus between them. */
export class Published {
  readonly clock: ManualClock = new ManualClock();
  readonly bus: FaultyBus = new FaultyBus();
  readonly store: CacheBackend;

  constructor(store?: (clock: ManualClock) => CacheBackend) {
    this.store = store?.(this.clock) ?? new AsyncMapBackend({ clock: this.clock });
  }

  /** A process that has found its place in the feed. */
  async start(options: Partial<PublishOptions> = {}, regionOptions: Partial<RegionOptions> = {}): Promise<Process> {
    const { clock } = this;
    const port = this.bus.port();
    const view = new StoreView(this.store);
    const backend = applyProxy(publish({ bus: port, clock, ...options }), view, "wrap[0]");
    const incidents: BackendIncident[] = [];
    backend.watch((incident) => void incidents.push(incident));
    const near = new MemoryBackend({ maxEntries: 1000, clock });
    const region = createRegion({
      name: "r",
      backend: stackWith({ clock, protection: false }, near, backend),
      ttl: "1h",
      clock,
      ...regionOptions,
    });
    const coherence: string[] = [];
    region.on("coherence", ({ state }) => void coherence.push(state));
    const heard = new RecordingListener();
    const feed = backend.changes as ChangeFeed;
    const leave = feed.subscribe(heard);
    await clock.advance(1);
    return { leave, port, view, backend, feed, heard, incidents, region, coherence };
  }

  /** What has been said of keys, marks and the like, without hellos and heartbeats. */
  notices(): readonly Readonly<Record<string, unknown>>[] {
    return this.bus.said
      .map((text) => JSON.parse(text) as { readonly notice?: Readonly<Record<string, unknown>> })
      .flatMap(({ notice }) => (notice === undefined ? [] : [notice]));
  }
}
