import type { Timer } from "./clock.ts";
import type { Flight } from "./flight.ts";
import type { RegionState } from "./region-state.ts";

/** Keeps the leases of a creation that is under way, until it is cancelled. */
export function renewLease(flights: readonly Flight[], token: string, state: RegionState): Timer {
  const { clock, leaseMs } = state.options;
  const keys = flights.map(({ key }) => key);
  let timer: Timer;
  const schedule = () => {
    timer = clock.schedule(() => {
      const renewed = Promise.resolve().then(() => state.backend.leases?.renew(keys, token, leaseMs));
      state.inBackground(renewed, "renewing a lease");
      schedule();
    }, leaseMs / 3);
  };
  schedule();
  return { cancel: () => timer.cancel() };
}
