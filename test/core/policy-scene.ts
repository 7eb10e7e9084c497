import {
  type Awaitable,
  type CreateOptions,
  type EntryContext,
  PartialFailureError,
  type Region,
  type RegionOptions,
} from "@cascata/core";
import { type AuthorityStore, type ManualClock, MapBackend, settled } from "@cascata/testing";
import { Cluster, Road } from "./cluster.ts";

/** A creator of one key, however it is asked for. */
export type Make = (context: EntryContext, signal: () => AbortSignal) => Awaitable<unknown>;

/** Asks for "k", alone or in a batch beside a key that memory has. */
export interface Way {
  readonly name: string;
  ask(region: Region, make: Make, options?: CreateOptions): Promise<unknown>;
}

const companion = "beside";

const all: readonly Way[] = [
  {
    name: "alone",
    ask: (region, make, options) => region.getOrCreate("k", (context) => make(context, () => context.signal), options),
  },
  {
    name: "in a batch",
    ask: async (region, make, options) => {
      if (region.peek(companion) !== companion)
        await region.set(companion, companion, { ttl: Number.POSITIVE_INFINITY });
      try {
        const all = await region.getOrCreateMulti(
          [companion, "k"],
          async (keys, context) =>
            Promise.all(
              keys.map(async (key) => (key === "k" ? make(context.for(key), () => context.signal) : companion)),
            ),
          options,
        );
        if (all.get(companion) !== companion) throw new Error("the other key of the batch was harmed");
        return all.get("k");
      } catch (error) {
        if (!(error instanceof PartialFailureError)) throw error;
        if (error.results.get(companion) !== companion) throw new Error("the other key of the batch was harmed");
        throw error.errors.get("k");
      }
    },
  },
];

/** A test looks at most outcomes later than they come. */
export const ways: readonly Way[] = all.map(({ name, ask }) => ({
  name,
  ask: (...given) => {
    const asked = ask(...given);
    asked.catch(() => undefined);
    return asked;
  },
}));

export const depths = ["memory", "memory, authority", "memory, disk, authority"] as const;

export interface Scene {
  readonly clock: ManualClock;
  readonly store: AuthorityStore;
  readonly region: Region;
  /** The operations that reached the authority, its feed's own aside. */
  readonly asked: string[];
  /** Another process over the same authority. */
  another(options?: Partial<RegionOptions>): Region;
}

/** A region of the depth, with everything connected and nothing stored. */
export async function sceneOf(depth: (typeof depths)[number], options: Partial<RegionOptions> = {}): Promise<Scene> {
  const cluster = new Cluster();
  const { clock, store } = cluster;
  const road = new Road(clock);
  const memory = (name: string) => new MapBackend({ clock, name });
  const tiers = () => {
    if (depth === "memory") return { near: [], far: memory("memory") };
    const near = depth === "memory, authority" ? [memory("memory")] : [memory("memory"), memory("disk")];
    return { near, far: cluster.client({ transport: road.transport }) };
  };
  const open = (own: Partial<RegionOptions>): Region =>
    cluster.open({ ...tiers(), chain: { protection: {} }, ttl: 100, ...options, ...own });
  const region = open({});
  // The feed is followed from the first use on, and begins with a gap.
  await region.get("first");
  await clock.advance(5);
  return { clock, store, region, asked: road.reached, another: (own = {}) => open(own) };
}

/** What a promise has come to, once everything that needs no time has happened. */
export async function soon<T>(promise: Promise<T>): Promise<T | Error | "pending"> {
  let state: T | Error | "pending" = "pending";
  promise.then(
    (value) => {
      state = value;
    },
    (error: unknown) => {
      state = error as Error;
    },
  );
  await settled();
  return state;
}

/** An old value of "k", in its grace. */
export async function makeStale({ region, clock }: Scene, value: unknown = "old"): Promise<void> {
  await region.set("k", value);
  await clock.advance(150);
}
