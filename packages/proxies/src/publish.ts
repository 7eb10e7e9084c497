import {
  type Bus,
  type CacheBackend,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  type ProxyBackend,
  systemClock,
} from "@cascata/core";
import type { BusPace } from "./bus-membership.ts";
import { PublishProxy } from "./publish-proxy.ts";

/** Options of {@link publish}. */
export interface PublishOptions {
  /** What the changes travel on. All who use the store have to be on one and the same, and nobody else. */
  readonly bus: Bus;
  /**
   * Nothing heard for so long: silence. Each process says three times as often that it is there. One that vanishes without
   * good-bye is noticed after so long too.
   * @default "3s"
   */
  readonly heartbeat?: Duration;
  /** How long a write waits at most until the bus has its announcement. @default "100ms" */
  readonly deadline?: Duration;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** What {@link publish} reads. */
export const publishOptions = ["bus", "heartbeat", "deadline", "clock"] as const;

/**
 * Gives a store that announces nothing (a database through Keyv, a backend of one's own) a change feed over a bus, so
 * that near tiers of other processes and threads hear of deletes, writes and marks: `publish({ bus })`.
 *
 *  - A set or delete is announced before it is made, and told when it was: one that is announced and not told, because its
 *    process died or its answer was lost, counts as made. What creators store is told afterwards.
 *  - The bus is never a reason for a write to fail. It waits for the announcement to be taken, at most the `deadline`,
 *    and not at all while the bus is known to fail.
 *  - A bus may lose messages: each process counts its own, so that the others notice what they have missed and confirm
 *    what they hold. A process that can't be heard, or can't hear, is noticed within the `heartbeat`.
 *  - Where the store keeps no marks they are kept in it as entries, under keys that begin with `cascata.mark:`. There is no
 *    `clear` then: it would take them too.
 *
 * It belongs around the backend that is shared, inside of all near tiers. What it can't promise: a process that reaches the
 * store and not the bus is unheard until it is back; a `ttl` of the near tiers bounds that.
 *
 * @throws ConfigurationError
 */
export function publish(options: PublishOptions, path = "publish"): (proxied: CacheBackend) => ProxyBackend {
  checkOptionNames(options, publishOptions, path);
  const { bus, heartbeat = "3s", deadline = "100ms", clock = systemClock } = options;
  if (typeof bus?.join !== "function") {
    const hint = "in code made by a function: memoryBus(), broadcastBus(), redisBus() of @cascata/redis";
    throw new ConfigurationError({ path: `${path}.bus`, expected: "a bus", received: bus, hint });
  }
  const pace: BusPace = {
    bus,
    clock,
    silenceMs: bounded(heartbeat, `${path}.heartbeat`),
    deadlineMs: bounded(deadline, `${path}.deadline`),
  };
  return (proxied) => new PublishProxy(proxied, pace, path);
}

function bounded(duration: Duration, path: string): number {
  const ms = durationMs(duration, path);
  if (ms > 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new ConfigurationError({ path, expected: "more than 0, and an end", received: duration });
}
