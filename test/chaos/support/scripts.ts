import type { RegionEventName } from "@cascata/core";

/** What the application does while Redis is away. */
export const activities = ["every call", "creators that fail", "closed while it lasts"] as const;
export type Activity = (typeof activities)[number];

/** An outage and what happens during it, in a process of its own. */
export interface Script {
  readonly name: string;
  readonly outage: string;
  readonly activity: Activity;
}

const outages = [
  "paused",
  "killed",
  "black-holed",
  "slow (500 ms)",
  "flapping",
  "out of memory",
  "absent at start-up",
  "restarted empty",
] as const;

/** Eight outages, three activities each. */
export const scripts: readonly Script[] = outages.flatMap((outage) =>
  activities.map((activity) => ({ name: `${outage}, ${activity}`, outage, activity })),
);

/** Who listens: nobody; somebody who throws at every event; nobody, in a process that ends at any unhandled rejection. */
export const listeners = ["none", "throwing", "strict"] as const;

/** All that a region tells. */
export const events: readonly RegionEventName[] = [
  "hit",
  "miss",
  "stale",
  "created",
  "creationFailed",
  "fillRefused",
  "tierFailed",
  "set",
  "deleted",
  "invalidated",
  "pending",
  "coherence",
  "incident",
  "served",
];
