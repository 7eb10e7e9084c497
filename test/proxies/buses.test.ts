import { setTimeout as pause } from "node:timers/promises";
import { type Bus, ConfigurationError } from "@cascata/core";
import { broadcastBus, memoryBus } from "@cascata/proxies";
import { busCases, describeConformance, FaultyBus } from "@cascata/testing";
import { describe, expect, it } from "vitest";

describeConformance(
  busCases,
  { open: () => memoryBus(), connect: (beside) => beside },
  { describe, it, title: "a bus in memory" },
);

let channels = 0;
const names = new WeakMap<Bus, string>();
const broadcast = (channel = `test-${process.pid}-${++channels}`): Bus => {
  const bus = broadcastBus({ channel });
  names.set(bus, channel);
  return bus;
};
describeConformance(
  busCases,
  { open: () => broadcast(), connect: (beside) => broadcast(names.get(beside)), settle: () => pause(1) },
  { describe, it, title: "a broadcast channel" },
);

const faulty = new WeakMap<Bus, FaultyBus>();
const port = (bus: FaultyBus): Bus => {
  const made = bus.port();
  faulty.set(made, bus);
  return made;
};
describeConformance(
  busCases,
  {
    open: () => port(new FaultyBus()),
    connect: (beside) => port(faulty.get(beside) ?? new FaultyBus()),
    cutLink: (bus) => {
      const cut = bus as ReturnType<FaultyBus["port"]>;
      cut.cut();
      return () => cut.mend();
    },
  },
  { describe, it, title: "a bus whose faults are played" },
);

describe("broadcastBus", () => {
  it.each([
    [{ channel: "" }, "broadcastBus.channel"],
    [{ chanel: "a" }, 'did you mean "channel"?'],
  ])("refuses %j", (options, says) => {
    expect(() => broadcastBus(options as never)).toThrow(ConfigurationError);
    expect(() => broadcastBus(options as never)).toThrow(says);
  });

  it("keeps channels of other names apart, and reads texts alone", async () => {
    const [a, b] = [broadcast(), broadcast()];
    const heard: string[] = [];
    const listener = {
      message: (text: string) => void heard.push(text),
      silent: () => undefined,
      lost: () => undefined,
    };
    const [mine, others] = [a.join(listener), b.join(listener)];
    const raw = new BroadcastChannel(names.get(a) as string);
    raw.postMessage({ not: "a text" });
    raw.postMessage("a text");
    await others.send("elsewhere");
    for (let round = 0; heard.length < 2 && round < 200; round += 1) await pause(1);
    expect([...heard].sort()).toEqual(["a text", "elsewhere"]);
    raw.close();
    await mine.close();
    await others.close();
  });
});
