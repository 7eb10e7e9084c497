import { Answers } from "./answers.ts";
import type { CacheBackend } from "./backend.ts";
import { type ResolvedWriteOptions, resolveWriteOptions } from "./call-options.ts";
import { Creations } from "./creations.ts";
import { GetOrCreate } from "./get-or-create.ts";
import type { RegionInvalidationStrategy } from "./invalidation-strategy.ts";
import { Lookups } from "./lookups.ts";
import type { RegionEventHub } from "./region-events.ts";
import { RegionReads } from "./region-reads.ts";
import { RegionState } from "./region-state.ts";
import { RegionWrites } from "./region-writes.ts";
import type { ResolvedRegionOptions } from "./resolved-region-options.ts";

/** What a region consists of once it has a backend. Another backend, another set of parts. */
export class RegionParts {
  readonly state: RegionState;
  readonly reads: RegionReads;
  readonly writes: RegionWrites;
  readonly creations: Creations;
  readonly lookups: Lookups;
  readonly getOrCreate: GetOrCreate;
  /** What writes without options of their own get. */
  readonly writeDefaults: ResolvedWriteOptions;

  /** @param owner the region itself, for whom its runner is called */
  constructor(
    options: ResolvedRegionOptions,
    backend: CacheBackend,
    events: RegionEventHub,
    strategy: RegionInvalidationStrategy | undefined,
    owner: unknown,
  ) {
    const state = new RegionState(options, backend, events, strategy, owner);
    const answers = new Answers(state);
    const reads = new RegionReads(state, answers);
    const creations = new Creations(state);
    this.state = state;
    this.reads = reads;
    this.creations = creations;
    this.writes = new RegionWrites(state, (key) => creations.forgetFailure(key));
    this.lookups = new Lookups(state, reads, answers);
    this.getOrCreate = new GetOrCreate(state, reads, answers, creations);
    this.writeDefaults = resolveWriteOptions(undefined, state);
  }
}
