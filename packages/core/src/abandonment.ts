import type { Clock, Timer } from "./clock.ts";
import type { Stopper } from "./creator.ts";
import { TimeoutError } from "./errors.ts";
import type { Flight } from "./flight.ts";

/** A creator that is under way, as far as giving it up concerns it. */
export interface RunningCreation {
  readonly flights: readonly Flight[];
  readonly stopper: Stopper;
  readonly clock: Clock;
  readonly hardTimeoutMs: number;
  /** How long one that can't be told to stop is still joined. */
  readonly leaseMs: number;
  /** It is told to stop. */
  onStop(): void;
  /** What it makes is of no use any more, and nobody shall join it. */
  onGone(): void;
}

/**
 * Tells a creator to stop once nobody waits for any of its keys; or at the hard timeout where its callers have been served
 * something stale and none of them will leave.
 *
 * One that has taken its signal will fail soon, so whoever comes next starts anew instead of sharing a failure that is not
 * his. One that has not can't know: its result is still worth having for the time of a lease, and then it holds nothing up.
 *
 * @returns what ends the watch, when the creator has
 */
export function watchForAbandonment(creation: RunningCreation): Timer {
  const { flights, stopper, clock, hardTimeoutMs, leaseMs } = creation;
  let timer: Timer | undefined;
  const stop = (reason: Error) => {
    if (stopper.stopped) return;
    timer?.cancel();
    timer = undefined;
    const isTold = stopper.stop(reason);
    creation.onStop();
    if (isTold) creation.onGone();
    else timer = clock.schedule(() => creation.onGone(), leaseMs);
  };
  const leave = () => {
    if (flights.every(({ waiters }) => waiters === 0)) stop(new Error("nobody waits for this creation any more"));
  };
  for (const flight of flights) flight.onAbandoned = leave;
  if (hardTimeoutMs !== Number.POSITIVE_INFINITY && flights.some(({ stale }) => stale !== undefined)) {
    const what = `the creation of ${flights.map(({ givenKey }) => JSON.stringify(givenKey)).join(", ")}`;
    timer = clock.schedule(() => stop(new TimeoutError(what, hardTimeoutMs)), hardTimeoutMs);
  }
  return { cancel: () => timer?.cancel() };
}
