import {
  type Bus,
  type BusDefinition,
  type BusLink,
  type BusListener,
  type Clock,
  ConfigurationError,
  checkOptionNames,
  type Duration,
  durationMs,
  systemClock,
  textOf,
} from "@cascata/core";
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "@redis/client";
import { Failed } from "./answer.ts";
import { type Source, sourceOf } from "./connect.ts";
import { Line } from "./line.ts";
import { Link } from "./link.ts";
import { type AnyRedisLike, sendThrough } from "./redis-like.ts";
import { firstIdOf, isAfter, textsOf } from "./stream-entries.ts";
import { StreamReader } from "./stream-reader.ts";
import { targetOf } from "./target.ts";

/** Options of {@link redisBus}. One of `url`, `connect` and `client`; none is the Redis at `localhost:6379`. */
export interface RedisBusOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]` */
  readonly url?: string;
  /** Options of `@redis/client`: of `createClient`, of `createCluster` (with `rootNodes`) or of `createSentinel`. */
  readonly connect?: RedisClientOptions | RedisClusterOptions | RedisSentinelOptions;
  /** A client that somebody else made and closes. It is used for sending; what is heard comes over a duplicate. */
  readonly client?: AnyRedisLike;
  /** The stream is `<channel>:bus`. Different stores need different channels. @default "cascata" */
  readonly channel?: string;
  /** About so many messages are kept for those whose connection is lost for a while. @default 10000 */
  readonly length?: number;
  /** Nothing heard for so long, not even that there is no news: the connection is made anew. @default "1s" */
  readonly heartbeat?: Duration;
  /** What Redis has not taken after so long has failed. @default "250ms" */
  readonly deadline?: Duration;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

const optionNames = ["url", "connect", "client", "channel", "length", "heartbeat", "deadline", "clock"] as const;

/** How long an attempt to connect may take. */
const attemptMs = 1000;

interface Settings {
  readonly name: string;
  readonly source: Source;
  readonly stream: string;
  readonly length: number;
  readonly heartbeatMs: number;
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/**
 * A Redis or Valkey as a bus, for `publish` of `@cascata/proxies`: one stream, read on from where it was left, so that a
 * lost connection loses no message. Each member has two connections, which never keep the process alive by themselves.
 * @throws ConfigurationError
 */
export function redisBus(options: RedisBusOptions = {}, path = "redisBus"): Bus {
  checkOptionNames(options, optionNames, path);
  const { channel = "cascata", length = 10_000, heartbeat = "1s", deadline = "250ms", clock = systemClock } = options;
  const refuse = (option: string, expected: string, received: unknown) => {
    throw new ConfigurationError({ path: `${path}.${option}`, expected, received });
  };
  if (typeof channel !== "string" || channel === "") refuse("channel", "a name", channel);
  if (!Number.isSafeInteger(length) || length < 1) refuse("length", "a whole number from 1 on", length);
  const ms = (option: "heartbeat" | "deadline", value: Duration): number => {
    const measured = durationMs(value, `${path}.${option}`);
    if (!(measured > 0 && measured < Number.POSITIVE_INFINITY)) refuse(option, "more than 0, and an end", value);
    return measured;
  };
  const source = sourceOf(targetOf(options, path), attemptMs);
  const stream = `${channel}:bus`;
  const name = `redis bus "${channel}"`;
  const [heartbeatMs, deadlineMs] = [ms("heartbeat", heartbeat), ms("deadline", deadline)];
  return {
    name,
    join: (listener) => new RedisBusLink({ name, source, stream, length, heartbeatMs, deadlineMs, clock }, listener),
  };
}

/** What configuration means by `bus: { use: "@cascata/redis" }`. */
export const bus: BusDefinition = Object.freeze({
  options: optionNames,
  create: (options: RedisBusOptions, path: string) => redisBus(options, path),
});

/** What a new connection says of the stream. */
interface StreamPlace {
  /** Its last entry. */
  readonly last: string;
  /** Whether what was heard last is still there, and so all that came after it. */
  readonly isKept: boolean;
}

class RedisBusLink implements BusLink {
  readonly #settings: Settings;
  readonly #link: Link;
  readonly #line: Line;
  readonly #reader: StreamReader<StreamPlace>;
  readonly #lost: (reason: string) => void;
  /** The last entry that was heard. */
  #at: string | undefined;

  constructor(settings: Settings, { message, silent, lost }: BusListener) {
    this.#settings = settings;
    this.#lost = lost;
    const { name, source, stream, heartbeatMs, deadlineMs, clock } = settings;
    this.#link = new Link({
      what: `${name} (Redis)`,
      topology: source.topology,
      borrowed: source.borrowed,
      clock,
      attemptMs,
      source: source.data,
      greet: async () => undefined,
      // Whoever sends is told; that nothing is heard, the other connection knows.
      changed: () => undefined,
      noticed: () => undefined,
    });
    this.#line = new Line(name, this.#link, source.topology, clock, deadlineMs);
    this.#reader = new StreamReader({
      name,
      what: "bus",
      source,
      clock,
      stream,
      heartbeatMs,
      attemptMs,
      greet: (client) => this.#placeOf(client),
      from: () => (this.#at === undefined ? undefined : { id: this.#at, waits: true }),
      connected: (place) => this.#connected(place),
      heard: (reply) => {
        for (const { id, text } of textsOf(reply)) {
          this.#at = id;
          if (text !== undefined) message(text);
        }
      },
      silent: (error) => silent(error === undefined ? "the connection was lost" : textOf(error)),
      report: () => undefined,
    });
    this.#link.start();
    this.#reader.start();
  }

  async send(text: string): Promise<void> {
    const { stream, length } = this.#settings;
    const args = ["XADD", stream, "MAXLEN", "~", String(length), "*", "m", text];
    const answer = await this.#line.ask({ what: "send", keyCount: 1, args, key: stream });
    if (answer instanceof Failed) throw answer.error;
  }

  close(): void {
    this.#reader.close();
    this.#link.close();
  }

  async #placeOf(client: AnyRedisLike): Promise<StreamPlace> {
    const { stream } = this.#settings;
    const at = this.#at ?? "0-0";
    const [last, own] = await Promise.all([
      this.#ask(client, ["XREVRANGE", stream, "+", "-", "COUNT", "1"]),
      this.#ask(client, ["XRANGE", stream, at, at, "COUNT", "1"]),
    ]);
    return { last: firstIdOf(last), isKept: firstIdOf(own) === at };
  }

  #connected({ last, isKept }: StreamPlace): void {
    if (this.#at === undefined) this.#at = last;
    else if (!isKept) {
      this.#lost("messages were trimmed away");
      // A stream that ends before the place was emptied, or is another server's: all that it holds is news.
      if (isAfter(this.#at, last)) this.#at = "0-0";
    }
  }

  async #ask(client: AnyRedisLike, args: string[]): Promise<unknown> {
    const { source, stream } = this.#settings;
    return await sendThrough(client, source.topology, stream, args, { timeout: 0 });
  }
}
