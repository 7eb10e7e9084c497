import assert from "node:assert/strict";
import type { Awaitable, Bus, BusLink } from "@cascata/core";
import type { ConformanceCase } from "./conformance.ts";
import { eventually, quiet } from "./harness.ts";

/** What the bus kit needs. */
export interface BusHarness {
  /** A bus that nobody uses yet. */
  open(): Awaitable<Bus>;
  /** Another process's way to the same bus. */
  connect(beside: Bus): Awaitable<Bus>;
  /** Gives what is under way time to arrive; called repeatedly. @default all promise reactions run */
  readonly settle?: () => Awaitable<unknown>;
  /** Cuts the way to the bus; what is returned mends it. */
  readonly cutLink?: (bus: Bus) => Awaitable<() => Awaitable<unknown>>;
}

/** A member of a bus and what it has heard. */
interface Member {
  readonly link: BusLink;
  readonly heard: string[];
  readonly silences: string[];
}

const oddTexts = ["", " ", "a\0b", "a\nb", '"', "🗺️", "{}", "x".repeat(100_000)];

/** What a bus promises: whoever has joined hears everything, in order, as long as nothing breaks. */
export const busCases: readonly ConformanceCase<BusHarness>[] = [
  {
    name: "everybody who has joined hears what is sent, the sender too, as it was sent",
    run: (harness) =>
      together(harness, async (one, other) => {
        for (const text of oddTexts) await one.link.send(text);
        await eventually(harness, () => assert.deepEqual([one.heard, other.heard], [oddTexts, oddTexts]));
      }),
  },
  {
    name: "what one member sends comes in its order, whether it waits or not",
    run: (harness) =>
      together(harness, async (one, other) => {
        const sent = Array.from({ length: 300 }, (_, index) => `m${index}`);
        const taken = sent.map((text) => Promise.resolve(one.link.send(text)));
        await Promise.all(taken);
        await other.link.send("from the other");
        await eventually(harness, () => assert.equal(other.heard.length, 301));
        assert.deepEqual(
          other.heard.filter((text) => text.startsWith("m")),
          sent,
        );
      }),
  },
  {
    name: "two links of one bus are two members",
    run: async (harness) => {
      const bus = await harness.open();
      const [one, other] = [memberOf(bus), memberOf(bus)];
      await hearing(harness, [one, other]);
      await one.link.close();
      await other.link.send("still there");
      await eventually(harness, () => assert.deepEqual(other.heard, ["still there"]));
      assert.deepEqual(one.heard, []);
      await other.link.close();
    },
  },
  {
    name: "nobody is called while joining or sending",
    run: (harness) =>
      together(harness, async (one) => {
        const before = one.heard.length;
        const taken = one.link.send("later");
        assert.equal(one.heard.length, before);
        await taken;
        await eventually(harness, () => assert.equal(one.heard.at(-1), "later"));
      }),
  },
  {
    name: "who joins hears nothing of what was before",
    run: (harness) =>
      together(harness, async (one, _, bus) => {
        await one.link.send("before");
        await eventually(harness, () => assert.deepEqual(one.heard, ["before"]));
        const late = memberOf(await harness.connect(bus));
        await hearing(harness, [late]);
        await one.link.send("after");
        await eventually(harness, () => assert(late.heard.includes("after")));
        assert(!late.heard.includes("before"), "it heard what was before");
        await late.link.close();
      }),
  },
  {
    name: "who has left hears nothing and can't send; leaving twice is leaving once",
    run: (harness) =>
      together(harness, async (one, other) => {
        await one.link.close();
        await one.link.close();
        await other.link.send("after");
        await eventually(harness, () => assert.deepEqual(other.heard, ["after"]));
        assert.deepEqual([one.heard, one.silences], [[], []]);
        await assert.rejects(async () => one.link.send("nobody hears this"));
      }),
  },
  {
    name: "a link that was cut says so, or not, and works again when it is mended",
    needs: ["cutLink"],
    run: (harness) =>
      together(harness, async (one, other, bus) => {
        const mend = await harness.cutLink?.(bus);
        await quiet(harness);
        await mend?.();
        await eventually(harness, async () => {
          await Promise.resolve(one.link.send("again")).catch(() => undefined);
          assert(one.heard.includes("again") && other.heard.includes("again"));
        });
      }),
  },
];

/** Two processes that have joined one new bus, hear each other, and have heard nothing that counts. */
async function together(
  harness: BusHarness,
  body: (one: Member, other: Member, bus: Bus) => Promise<void>,
): Promise<void> {
  const bus = await harness.open();
  const [one, other] = [memberOf(bus), memberOf(await harness.connect(bus))];
  try {
    await hearing(harness, [one, other]);
    await body(one, other, bus);
  } finally {
    await Promise.all([one.link.close(), other.link.close()]);
  }
}

function memberOf(bus: Bus): Member {
  const heard: string[] = [];
  const silences: string[] = [];
  const link = bus.join({
    message: (text) => void heard.push(text),
    silent: (reason) => void silences.push(reason),
    lost: (reason) => void silences.push(reason),
  });
  return { link, heard, silences };
}

/** Waits until all of them hear, and forgets what it took to find out. */
async function hearing(harness: BusHarness, members: readonly Member[]): Promise<void> {
  const [first] = members;
  let sent = 0;
  await eventually(harness, async () => {
    sent += 1;
    const text = `hearing ${sent}`;
    await Promise.resolve(first?.link.send(text)).catch(() => undefined);
    await quiet(harness, 3);
    assert(
      members.every(({ heard }) => heard.includes(text)),
      "not everybody hears yet",
    );
  });
  for (const { heard, silences } of members) {
    heard.length = 0;
    silences.length = 0;
  }
}
