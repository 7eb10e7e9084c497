import type { BusDefinition } from "@cascata/core";
import { broadcastBus } from "@cascata/proxies";

/** A bus as an application might export one. */
export const bus: BusDefinition = {
  options: ["name"],
  create: ({ name }) => broadcastBus({ channel: String(name) }),
};
