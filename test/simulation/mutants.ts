import type { Fault } from "./faults.ts";
import type { Focus } from "./simulate.ts";

/** A guard, and the change of the source that takes it out. The simulation must notice each within a thousand seeds. */
export interface Mutant {
  readonly guard: string;
  /** Below packages/core/src, unless it names another package. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Another change of the same file, where one alone leaves a second guard standing. */
  /** The fault under which it matters; absent: the seeds choose. */
  readonly fault?: Fault;
  /** Of what runs are made that notice it soon. */
  readonly focus?: Focus;
  readonly also?: { readonly find: string; readonly replace: string };
}

export const mutants: readonly Mutant[] = [
  {
    guard: "ticket on a back-fill",
    fault: "none",
    file: "near-tier.ts",
    find: "return this.#fences.stands(key, ticket.fence) && !this.isMasked(key);",
    replace: "return key !== undefined && ticket !== undefined;",
  },
  {
    guard: "ticket on a fill: a broken flight stores nothing",
    file: "creation-outcome.ts",
    find: "if (!flight.broken && !this.#state.closed) return true;",
    replace: "if (!this.#state.closed) return true;",
  },
  {
    guard: "lease check in the authority",
    file: "fill.ts",
    find: 'if (right.kind === "leased") context.ticket = right.token;\n    else if',
    replace: "if",
  },
  {
    guard: "forgetting a flight when its key changes",
    file: "flight.ts",
    find: "flight.broken = true;\n      this.#leave(flight);",
    replace: "flight.broken = true;",
  },
  {
    guard: "forgetting flights when something is invalidated",
    file: "flight.ts",
    find: "if (this.#first !== undefined) this.#forgotten.add(this.#first);\n    this.#first = undefined;\n    for (const flight of this.#joinable.values()) this.#forgotten.add(flight);\n    this.#joinable.clear();",
    replace: "",
  },
  {
    guard: "a forgotten flight is still broken by a change of its key",
    fault: "none",
    focus: { writes: ["delete", "invalidateTags"], operations: 200, middle: "none" },
    file: "flight.ts",
    find: "for (const forgotten of this.#forgotten) if (forgotten.key === key) forgotten.broken = true;",
    replace: "",
  },
  {
    guard: "a silent feed is not believed",
    file: "confidence.ts",
    find: "return trust === this.#stretch && !this.#silent && this.#isHeard(this.#feed);",
    replace: "return trust === this.#stretch;",
  },
  {
    guard: "a gap ends the stretch of trust",
    file: "confidence.ts",
    find: "this.#stretch = new Stretch();\n    this.resumed();",
    replace: "this.resumed();",
  },
  {
    guard: "mask on pending deletes",
    fault: "partition",
    file: "pending-deletes.ts",
    find: "return pending !== undefined && entry.metadata.startedAt !== pending.passes;",
    replace: "return pending === undefined && false;",
  },
  {
    guard: "retry of unconfirmed deletes",
    file: "region-writes.ts",
    find: "this.#unconfirmed.retry(pending, log.firstError);",
    replace: "for (const one of pending) this.#state.pending.confirm(one);",
  },
  {
    guard: "notices clean the near tier",
    file: "relayed-feed.ts",
    find: "const drop = () => this.#near.dropOlder(keys, order);",
    replace: "const drop = () => undefined;",
  },
  {
    guard: "a near tier is cleaned after a delete",
    file: "write-through.ts",
    find: "const near = one === undefined ? this.#near.dropMulti(keys) : this.#near.drop(one);",
    replace: "const near = undefined;",
  },
  {
    guard: "the order known before a creation started",
    file: "creation.ts",
    find: "startedOrder: this.#state.knownOrder(),",
    replace: "startedOrder: { epoch: this.#state.knownOrder()?.epoch ?? '', seq: Number.MAX_SAFE_INTEGER },",
  },
  {
    guard: "marks are looked up before an entry is believed",
    file: "mark-board.ts",
    find: "if (this.#table === undefined) return true;\n    if (!this.#isKnown(regionMark)) return false;",
    replace: "if (this.#table !== undefined || true) return true;\n    if (!this.#isKnown(regionMark)) return false;",
  },
  {
    guard: "marks told by the feed are applied",
    file: "region-listener.ts",
    find: "this.#state.marks.apply(marks);",
    replace: "",
  },
  {
    guard: "marks are looked up anew after a gap",
    fault: "trim-often",
    file: "region-listener.ts",
    find: "this.#state.marks.forget();",
    replace: "",
  },
  {
    guard: "heartbeat: a feed that hears nothing says so",
    file: "testing:reference-feed.ts",
    find: "this.#silent(`nothing was heard",
    replace: "void (`nothing was heard",
    also: { find: "return this.#pace.silenceMs;", replace: "return Number.POSITIVE_INFINITY;" },
  },
  {
    guard: "resume: the feed reads on from where it was",
    file: "testing:reference-feed.ts",
    find: "this.#at = batch.position;",
    replace: "this.#at = batch.position;\n    if (!wasLive) batch = { ...batch, lines: [] };",
  },
  {
    guard: "run id: another epoch is a gap",
    fault: "lagging-failover",
    file: "testing:authority-log.ts",
    find: 'gap: "another epoch"',
    replace: "",
  },
  {
    guard: "trimmed log is a gap",
    file: "testing:authority-log.ts",
    find: 'gap: "trimmed"',
    replace: "",
  },
  {
    guard: "a fill supersedes no pending delete",
    fault: "storm",
    file: "fill.ts",
    find: "this.#state.note(outcome.revision);",
    replace:
      "this.#state.note(outcome.revision);\n      this.#state.pending.supersede(flight.key, Number.POSITIVE_INFINITY);",
  },
  {
    guard: "a failed read is not a miss: no unleased write over it",
    file: "creations.ts",
    find: 'this.#creation.start(flights, request, { kind: "unconfirmed" });',
    replace: 'this.#creation.start(flights, request, { kind: "unleased" });',
  },
  {
    guard: "after a failover the last changes are sent again",
    fault: "lagging-failover",
    file: "region-writes.ts",
    find: "state.onNewEpoch(() => this.#sendAgain());",
    replace: "",
  },
  {
    guard: "nobody joins, after a gap, what began before it",
    fault: "trim-often",
    focus: { writes: ["delete", "invalidateTags"], operations: 200, middle: "none" },
    file: "region-listener.ts",
    find: "nobody will tell us of any more.\n    this.#state.flights.forgetAll();",
    replace: "",
  },
  {
    guard: "nobody joins, after a long silence, what began before it",
    fault: "pause",
    file: "region-state.ts",
    find: "return this.#isDeaf() && this.options.clock.coarse() - flight.beganAt > this.#maxStalenessMs;",
    replace: "return false && this.#isDeaf();",
  },
  {
    guard: "marks age when the feed is not heard",
    fault: "feed-cut",
    file: "mark-board.ts",
    find: "if (now - this.#feed.heardAt > this.#maxStalenessMs) return false;",
    replace: "",
  },
  {
    guard: "a failure is shared by those alone who waited for that very lease",
    file: "remote-creations.ts",
    find: "failure.token !== holder || ",
    replace: "",
  },
  {
    guard: "a failure is not shared after a later invalidation",
    fault: "none",
    file: "remote-creations.ts",
    find: "if (marks.mayCover(failure.startedOrder)) return false;",
    replace: "",
  },
  {
    guard: "a touch brings back nothing that was deleted meanwhile",
    file: "touch.ts",
    find: "return isSame(standing ?? found, metadata);",
    replace: "return true;",
  },
  {
    guard: "nobody joins, after a set, what began while it was under way",
    fault: "trim-all",
    focus: { writes: ["set"], operations: 200 },
    file: "region-writes.ts",
    find: "what was there before.\n    state.flights.forget(key);",
    replace: "",
  },
  {
    guard: "what was renewed and is of no use again is leased, not created without",
    fault: "none",
    focus: { writes: ["invalidateTags"], ttlMs: 300, graceMs: 60_000, operations: 200 },
    file: "standing.ts",
    find: "again && !isAnother(found, turn.rejects.get(flight.key))",
    replace: "again",
  },
  {
    guard: "a set that was overtaken leaves nothing older",
    fault: "slow",
    focus: { writes: ["set"], operations: 200 },
    file: "settlement.ts",
    find: 'const older = outcome.status === "stored" ? near.dropOlder([key], outcome.revision) : undefined;',
    replace: "const older = undefined;",
  },
  {
    guard: "a tier is not read while it is being written",
    fault: "trim-often",
    focus: { middle: "host", writes: ["set", "clear"], operations: 400 },
    file: "write-through.ts",
    find: "if (!isPromiseLike(work)) return work;\n    this.#near.mask([key]);",
    replace: "if (!isPromiseLike(work) || true) return work;\n    this.#near.mask([key]);",
  },
  {
    guard: "the ticket of a tier that processes share",
    fault: "trim-often",
    focus: { middle: "host", writes: ["set", "delete"], operations: 400 },
    file: "near-tier.ts",
    find: "this.backend.set(key, entry, this.#writeContext(guard, keepMs))",
    replace: "this.backend.set(key, entry, this.#writeContext(undefined, keepMs))",
  },
  {
    guard: "what another process has kept is as old as its creation",
    fault: "crash",
    file: "confidence.ts",
    find: "return trust instanceof Stretch ? trust.endedAt : metadata.startedAt;",
    replace: "return trust instanceof Stretch ? trust.endedAt : (this.#feed?.heardAt ?? 0);",
  },
  {
    guard: "what a farther tier doubts is doubted nearer too",
    fault: "feed-cut",
    focus: { middle: "memory", writes: ["set", "clear", "delete"], operations: 200 },
    file: "confidence.ts",
    find: "return this.#resident(entry, isDoubted ? trust : this.#stretch);",
    replace: "return this.#resident(entry, isDoubted ? this.#stretch : this.#stretch);",
  },
  {
    guard: "what can't be confirmed is a last resort for its grace alone",
    fault: "partition",
    focus: { ttlMs: 60_000, graceMs: 1000, operations: 150 },
    file: "confidence.ts",
    find: "return this.#clock.now() - this.#doubtfulAt(entry) <= this.#maxStalenessMs + (entry.metadata.grace ?? 0);",
    replace: "return true || this.#doubtfulAt(entry) === 0;",
  },
];
