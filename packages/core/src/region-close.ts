import type { RegionState } from "./region-state.ts";
import type { UnconfirmedWork } from "./unconfirmed-work.ts";

/** What `close` had to leave undone. */
export interface CloseReport {
  /** Keys whose deletion the authority has not confirmed. */
  readonly unconfirmedKeys: readonly string[];
  /** Marks (tags; "" is the region) that it has not confirmed. */
  readonly unconfirmedMarks: readonly string[];
  /** Pieces of background work that had not ended in time. */
  readonly unfinished: number;
}

/** Tries once more what is not confirmed, waits for background work within the bound, and says what is left. */
export async function closeRegion(
  state: RegionState,
  unconfirmed: UnconfirmedWork,
  ended: () => void,
): Promise<CloseReport> {
  state.closing = true;
  const { clock, closeTimeoutMs } = state.options;
  // What is missed ends as a delete: to store it again may take longer than anybody wants to wait.
  state.replays?.changedAll();
  const work = Promise.all([...state.backgroundWork(), unconfirmed.flush()]);
  await new Promise<void>((resolve) => {
    const timer = clock.schedule(resolve, closeTimeoutMs, true);
    void work.then(() => {
      timer.cancel();
      resolve();
    });
  });
  unconfirmed.stop();
  const { keys, marks } = unconfirmed.left();
  const unfinished = state.backgroundWork().length;
  state.end();
  ended();
  return { unconfirmedKeys: keys, unconfirmedMarks: marks, unfinished };
}
