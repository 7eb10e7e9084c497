import type { z } from "zod";
import type { BroadcastChannelConfig, BusPackages, RedisBusConfig } from "./known-buses.ts";
import { anyObject, clock, duration, instance, object, text, whole } from "./schema-parts.ts";

/** What each bus takes in configuration, without its `use`. */
export const busSchemas: { readonly [P in keyof BusPackages]: z.ZodType } = {
  "broadcast-channel": object<BroadcastChannelConfig>({}, { channel: text() }),
  "@cascata/redis": object<RedisBusConfig>(
    {},
    {
      url: text("redis://host:port or rediss://host:port"),
      connect: anyObject("options of @redis/client"),
      client: instance("a client of @redis/client", "sendCommand", "on"),
      channel: text(),
      length: whole(),
      heartbeat: duration(),
      deadline: duration(),
      clock: clock(),
    },
  ),
};
