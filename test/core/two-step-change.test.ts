import { type ChangeFeed, type ChangeListener, createRegion } from "@cascata/core";
import { deferred, ManualClock, MapBackend, settled } from "@cascata/testing";
import { expect, it } from "vitest";

/** A store that announces a change first, makes it then, and says when it is over. */
class TwoSteps extends MapBackend {
  readonly #clock: ManualClock;
  listener: ChangeListener | undefined;

  constructor(clock: ManualClock) {
    super({ clock });
    this.#clock = clock;
  }

  override get changes(): ChangeFeed {
    return {
      atomic: false,
      position: undefined,
      live: true,
      heardAt: this.#clock.now(),
      silenceMs: 1000,
      subscribe: (listener) => {
        this.listener = listener;
        return () => undefined;
      },
    };
  }
}

it("nobody joins, after a change of another process, what began between its announcement and its end", async () => {
  const clock = new ManualClock();
  const backend = new TwoSteps(clock);
  const region = createRegion({ name: "r", backend, clock });
  const over = deferred<void>();
  backend.listener?.changed({ keys: ["r:k"], sender: "another", settled: over.promise });
  const before = deferred<string>();
  const first = region.getOrCreate("k", () => before.promise);
  over.resolve();
  await settled();
  const second = region.getOrCreate("k", async () => "after");
  await settled();
  before.resolve("before");
  expect([await first, await second]).toEqual(["before", "after"]);
  await region.close();
});
