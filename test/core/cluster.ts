import {
  type CacheBackend,
  type Clock,
  createRegion,
  type Region,
  type RegionOptions,
  type StackOptions,
  stackWith,
} from "@cascata/core";
import {
  AuthorityStore,
  type AuthorityStoreOptions,
  Link,
  ManualClock,
  MapBackend,
  ReferenceAuthority,
  type ReferenceAuthorityOptions,
  type Transport,
} from "@cascata/testing";

/** What a process of a {@link Cluster} has of its own. */
export interface ProcessOptions extends Partial<RegionOptions> {
  /** Its way to the authority. @default a client of its own */
  readonly far?: CacheBackend;
  /** Tiers before that. @default memory */
  readonly near?: readonly CacheBackend[];
  /** Of the chain; no protection unless it says so. */
  readonly chain?: StackOptions;
}

/** Processes over one authority, which tell time by one clock. */
export class Cluster {
  readonly clock: ManualClock = new ManualClock();
  readonly store: AuthorityStore;

  constructor(options: Omit<AuthorityStoreOptions, "clock"> = {}) {
    this.store = new AuthorityStore({ clock: this.clock, ...options });
  }

  /** A client of the authority. */
  client(options: ReferenceAuthorityOptions = {}): ReferenceAuthority {
    return new ReferenceAuthority(this.store, options);
  }

  /** One more process: a region over a chain. */
  open({ far = this.client(), near, chain, ...options }: ProcessOptions = {}): Region {
    const { clock } = this;
    const tiers = near ?? [new MapBackend({ clock })];
    const backend = stackWith({ clock, protection: false, ...chain }, ...tiers, far);
    return createRegion({ name: "r", clock, backend, ttl: "1m", ...options });
  }

  /** Until the feeds of those that follow one have found their places. */
  async connected(): Promise<void> {
    await this.clock.advance(10);
  }
}

/** A process's way to the authority, to be cut, held and slowed down: notices, and all the rest, each by itself. */
export class Road {
  readonly data: Link = new Link();
  readonly feed: Link = new Link();
  /** What answers take to arrive, in milliseconds; the store has done its part before. */
  readonly lag: { data: number; feed: number } = { data: 0, feed: 0 };
  /** Whose answers take so long, of all but notices. @default all */
  lags: (operation: string) => boolean = () => true;
  /** The operations that have reached the authority, the feed's own aside. */
  readonly reached: string[] = [];
  readonly transport: Transport;

  constructor(clock: Clock) {
    this.transport = async (call) => {
      const isFeed = call.operation === "changes.follow";
      const dataMs = this.lags(call.operation) ? this.lag.data : 0;
      const run = () => {
        if (!isFeed) this.reached.push(call.operation);
        return call.run();
      };
      const answer = await (isFeed ? this.feed : this.data).transport({ ...call, run });
      // A notice is asked for long before it comes.
      const ms = isFeed ? this.lag.feed : dataMs;
      if (ms > 0) await new Promise<void>((resolve) => void clock.schedule(resolve, ms));
      return answer;
    };
  }
}
