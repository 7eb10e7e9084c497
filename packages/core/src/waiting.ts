import type { CachedValue } from "./cached-value.ts";
import type { ResolvedCreateOptions } from "./call-options.ts";
import type { Timer } from "./clock.ts";
import { TimeoutError } from "./errors.ts";
import { type Flight, Landing } from "./flight.ts";
import type { RegionState } from "./region-state.ts";

/**
 * One caller's wait for a flight, by its own options: whoever regenerates, or wants it regenerated, waits at most the soft
 * timeout if there is a stale value, the others not at all; without one, everybody at most the hard timeout, or until the caller's signal.
 */
export function waitFor(
  flight: Flight,
  leads: boolean,
  options: ResolvedCreateOptions,
  state: RegionState,
): Promise<Landing> {
  flight.waiters += 1;
  if (flight.reading) return flight.afterReading().then(() => waitOn(flight, leads, options, state));
  return waitOn(flight, leads, options, state);
}

function waitOn(flight: Flight, leads: boolean, options: ResolvedCreateOptions, state: RegionState): Promise<Landing> {
  if (flight.settled) return flight.outcome;
  const stale = state.staleOf(flight, options.expirationMs);
  const waits = (leads || options.forceRefresh === true) && !flight.handedOver;
  if (stale === undefined) return waitForNew(flight, options, options.hardTimeoutMs, state);
  const serve = (entry: CachedValue): Landing => {
    state.events.emit("stale", { key: flight.givenKey, reason: waits ? "soft-timeout" : "refreshing" });
    if (leads) state.goesOn(flight);
    return new Landing(entry, "stale");
  };
  // Nobody who can be served something waits for longer than one who can't.
  const softTimeoutMs = Math.min(options.softTimeoutMs, options.hardTimeoutMs);
  if (!waits || softTimeoutMs === 0) return Promise.resolve(serve(stale));
  // The creator goes on and its result is kept: this caller has not left, it has been served.
  return limited(flight, options, softTimeoutMs, state, (resolve) => {
    const still = state.staleOf(flight, options.expirationMs);
    const leftMs = options.hardTimeoutMs - softTimeoutMs;
    resolve(still === undefined ? waitForNew(flight, options, leftMs, state) : serve(still));
  });
}

/** There is nothing to be served meanwhile. */
function waitForNew(
  flight: Flight,
  options: ResolvedCreateOptions,
  hardTimeoutMs: number,
  state: RegionState,
): Promise<Landing> {
  return limited(flight, options, hardTimeoutMs, state, (resolve, reject) => {
    flight.leave();
    const error = new TimeoutError(`the creation of ${JSON.stringify(flight.givenKey)}`, options.hardTimeoutMs);
    if (options.fallback === undefined) return reject(error);
    try {
      resolve(new Landing(state.passing(options.fallback(error), state.stamps.next()), "default"));
    } catch (fallbackError) {
      reject(fallbackError);
    }
  });
}

function limited(
  flight: Flight,
  options: ResolvedCreateOptions,
  ms: number,
  state: RegionState,
  onTime: (resolve: (landing: Landing | Promise<Landing>) => void, reject: (error: unknown) => void) => void,
): Promise<Landing> {
  if (ms === Number.POSITIVE_INFINITY && options.signal === undefined) return flight.outcome;
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    const { signal } = options;
    const end = () => {
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      flight.leave();
      reject(signal?.reason);
    };
    if (signal?.aborted) return abort();
    signal?.addEventListener("abort", abort);
    if (ms !== Number.POSITIVE_INFINITY) {
      const expire = () => {
        end();
        onTime(resolve, reject);
      };
      // A caller waits, and a creator that hangs may have nothing that holds the process.
      timer = state.options.clock.schedule(expire, ms, true);
    }
    flight.outcome.then(
      (landing) => {
        end();
        resolve(landing);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
