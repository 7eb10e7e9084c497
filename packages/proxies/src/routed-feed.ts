import type { CacheBackend, ChangeFeed, ChangeListener } from "@cascata/core";

/**
 * The feeds of several backends as one. It has no position: orders of different stores don't compare. Each of them may
 * speak only of the keys that are routed to it.
 */
export function routedFeed(
  feeds: ReadonlyMap<CacheBackend, ChangeFeed>,
  backendOf: (key: string) => CacheBackend,
): ChangeFeed {
  const all = [...feeds.values()];
  return {
    position: undefined,
    get atomic() {
      return all.every(({ atomic }) => atomic);
    },
    get live() {
      return all.every(({ live }) => live);
    },
    get heardAt() {
      return Math.min(...all.map(({ heardAt }) => heardAt));
    },
    get silenceMs() {
      return Math.min(...all.map(({ silenceMs }) => silenceMs));
    },
    subscribe(listener) {
      const leave = [...feeds].map(([backend, feed]) => {
        const owns = (key: string) => backendOf(key) === backend;
        return feed.subscribe(partOf(listener, owns, () => all.every(({ live }) => live)));
      });
      return () => {
        for (const one of leave) one();
      };
    },
  };
}

function partOf(listener: ChangeListener, owns: (key: string) => boolean, allLive: () => boolean): ChangeListener {
  return {
    changed: (notice) => {
      const keys = notice.keys.filter(owns);
      if (keys.length > 0) listener.changed({ ...notice, keys });
    },
    // Marks are not offered: they would have to stand in every backend in one order.
    marked: () => undefined,
    filled: (keys, failure) => {
      const own = keys.filter(owns);
      if (own.length > 0) listener.filled(own, failure);
    },
    silent: (reason) => listener.silent(reason),
    resumed: () => {
      if (allLive()) listener.resumed();
    },
    uncertain: (reason) => {
      listener.uncertain(reason);
      // To be uncertain ends silence; that of another feed goes on.
      if (!allLive()) listener.silent(reason);
    },
  };
}
