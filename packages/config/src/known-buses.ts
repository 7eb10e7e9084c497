import type { Bus, Clock, Duration } from "@cascata/core";
import type { ForeignModule } from "./foreign-module.ts";

/** `"broadcast-channel"`: the threads of a process, the tabs of a browser. */
export interface BroadcastChannelConfig {
  /** The channel's name. Different stores need different channels. @default "cascata" */
  readonly channel?: string;
}

/** `@cascata/redis` as a bus; one of `url`, `connect` and `client`, none is `localhost:6379`. */
export interface RedisBusConfig {
  /** `redis[s]://[[user][:password]@]host[:port][/database]` */
  readonly url?: string;
  /** Options of `@redis/client`: of a client, a cluster (`rootNodes`) or a Sentinel (`sentinelRootNodes`). */
  readonly connect?: object;
  /** A live client; not closed by the caches. */
  readonly client?: object;
  /** The stream is `<channel>:bus`. Different stores need different channels. @default "cascata" */
  readonly channel?: string;
  /** About so many messages are kept for those whose connection is lost for a while. @default 10000 */
  readonly length?: number;
  /** Nothing heard for so long: the connection is made anew. @default "1s" */
  readonly heartbeat?: Duration;
  /** What Redis has not taken after so long has failed. @default "250ms" */
  readonly deadline?: Duration;
  readonly clock?: Clock;
}

/** The options of each bus that configuration knows by name. Others' packages add themselves as backends do. */
export interface BusPackages {
  "broadcast-channel": BroadcastChannelConfig;
  "@cascata/redis": RedisBusConfig;
}

/** Buses that need no option: the name alone will do. */
type Bare = { [P in keyof BusPackages]: object extends BusPackages[P] ? P : never }[keyof BusPackages];

/** A bus by its name or package, with its options; a file or package that exports one; or a bus, in TypeScript. */
export type BusConfig =
  | Bare
  | { [P in keyof BusPackages]: { readonly use: P } & BusPackages[P] }[keyof BusPackages]
  | { readonly use: ForeignModule; readonly [option: string]: unknown }
  | Bus;
