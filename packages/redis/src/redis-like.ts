/** An argument of a command. */
export type RedisArgument = string | Buffer;

/** What a single command may carry. */
export interface CommandOptions {
  /** RESP types to the classes that they are given as. */
  readonly typeMapping?: Record<number, unknown>;
  /** Takes the command back while it has not been written. */
  readonly abortSignal?: AbortSignal;
  /** The client's own limit in milliseconds; 0 for none. */
  readonly timeout?: number;
}

interface Emitter {
  on(event: string, listener: (...details: unknown[]) => void): unknown;
  off(event: string, listener: (...details: unknown[]) => void): unknown;
}

interface Connectable extends Emitter {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): unknown;
}

/** The calls that are made of a client of one Redis. `@redis/client` 5 and 6 fit. */
export interface RedisLike extends Connectable {
  sendCommand(args: readonly RedisArgument[], options?: CommandOptions): Promise<unknown>;
  duplicate(): unknown;
  ref(): void;
  unref(): void;
}

/** The calls that are made of a client that follows a primary through sentinels. */
export interface SentinelLike extends Connectable {
  sendCommand(isReadonly: boolean | undefined, args: RedisArgument[], options?: CommandOptions): Promise<unknown>;
  getSentinelNode(): unknown;
  duplicate(): unknown;
}

/** The calls that are made of a client of a Redis Cluster. */
export interface ClusterLike extends Connectable {
  sendCommand(
    firstKey: RedisArgument | undefined,
    isReadonly: boolean | undefined,
    args: RedisArgument[],
    options?: CommandOptions,
  ): Promise<unknown>;
  readonly slots: readonly unknown[];
  duplicate(): unknown;
}

/** A client of any of the three kinds. */
export type AnyRedisLike = RedisLike | SentinelLike | ClusterLike;

/** How a client reaches its data. */
export type Topology = "single" | "sentinel" | "cluster";

/** Tells the kinds apart by what only they have. */
export function topologyOf(client: AnyRedisLike): Topology {
  if ("getSentinelNode" in client && client.getSentinelNode !== undefined) return "sentinel";
  return "slots" in client && client.slots !== undefined ? "cluster" : "single";
}

/** Sends one command, whatever the kind of client. `key` chooses the node in a cluster. */
export function sendThrough(
  client: AnyRedisLike,
  topology: Topology,
  key: string | undefined,
  args: RedisArgument[],
  options: CommandOptions,
): Promise<unknown> {
  if (topology === "single") return (client as RedisLike).sendCommand(args, options);
  // Reads go to the primary too: a replica may lag behind a delete that was confirmed.
  if (topology === "sentinel") return (client as SentinelLike).sendCommand(false, args, options);
  return (client as ClusterLike).sendCommand(key, false, args, options);
}
