import { camelCase, coerced } from "./coerce.ts";

/** The arguments of a backend in the flat form, as they are given. */
export type FlatArguments = Readonly<Record<string, unknown>>;

/** What dogpile's arguments become. */
export interface Translated {
  /** Options of the backend, beside `use`. */
  readonly options: Readonly<Record<string, unknown>>;
  /** By option: the argument that it came from, to name it in a mistake. */
  readonly origins: Readonly<Record<string, string>>;
  /** How long the store keeps anything, in seconds, where dogpile's arguments bound that. */
  readonly keepSeconds: number | undefined;
}

/** One of dogpile's backends: whose place here it takes, and what its arguments are here. */
interface DogpileBackend {
  readonly use: string;
  /** dogpile's argument → where its value goes. */
  readonly arguments: Readonly<Record<string, Placing>>;
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** The argument that bounds how long the store keeps an entry. */
  readonly keep?: string;
}

type Placing = (value: unknown, put: (option: string, value: unknown) => void) => void;

const seconds = (value: unknown): unknown => (typeof value === "number" ? value * 1000 : value);
const as =
  (option: string, change: (value: unknown) => unknown = (value) => value): Placing =>
  (value, put) =>
    put(option, change(value));
/** Of no meaning here: accepted as long as it says what holds anyway. */
const must =
  (option: string, wanted: unknown): Placing =>
  (value, put) => {
    if (value !== wanted) put(option, value);
  };

const redisArguments: DogpileBackend["arguments"] = {
  url: as("url"),
  host: as("connect.socket.host"),
  port: as("connect.socket.port"),
  db: as("connect.database"),
  username: as("connect.username", String),
  password: as("connect.password", String),
  socket_timeout: as("deadline", seconds),
  socket_connect_timeout: as("connect.socket.connectTimeout", seconds),
  socket_keepalive: as("connect.socket.keepAlive"),
  ssl: as("connect.socket.tls"),
  connection_kwargs: as("connect"),
  distributed_lock: (value, put) => {
    if (value !== false) return;
    put("leases", false);
    put("feed", false);
  },
  thread_local_lock: must("thread_local_lock", false),
  lock_timeout: as("lockTimeout", (value) => seconds(value ?? Number.POSITIVE_INFINITY)),
  lock_sleep: as("lockSleep", seconds),
  lock_blocking_timeout: as("lockBlockingTimeout", (value) => seconds(value ?? Number.POSITIVE_INFINITY)),
  lock_prefix: as("lockPrefix", String),
};

const memcached: DogpileBackend = {
  use: "@cascata/keyv",
  defaults: { "store.use": "@keyv/memcache" },
  arguments: {
    url: as("store.uri", (value) => (Array.isArray(value) ? value.join(",") : value)),
    username: as("store.options.username", String),
    password: as("store.options.password", String),
    socket_timeout: as("deadline", seconds),
    distributed_lock: must("distributed_lock", false),
  },
  keep: "memcached_expire_time",
};

const redis = (keep: string): DogpileBackend => ({ use: "@cascata/redis", arguments: redisArguments, keep });
const sentinel = (keep: string): DogpileBackend => ({
  use: "@cascata/redis",
  arguments: {
    ...redisArguments,
    sentinels: as("connect.sentinelRootNodes", (value) => nodesOf(value)),
    service_name: as("connect.name"),
  },
  defaults: { "connect.name": "mymaster" },
  keep,
});
const cluster = (keep: string): DogpileBackend => ({
  use: "@cascata/redis",
  arguments: {
    ...redisArguments,
    url: as("connect.rootNodes", (url) => [{ url }]),
    startup_nodes: as("connect.rootNodes", (value) => nodesOf(value).map((socket) => ({ socket }))),
  },
  keep,
});

/** Each of dogpile's names, without its `dogpile.cache.`. */
const dogpileBackends: Readonly<Record<string, DogpileBackend>> = {
  null: { use: "@cascata/memory#null", arguments: {} },
  // dogpile's were unbounded; nothing is, here.
  memory: { use: "@cascata/memory", arguments: {}, defaults: { maxEntries: 10_000 } },
  memory_pickle: { use: "@cascata/memory#serializing", arguments: {}, defaults: { maxEntries: 10_000 } },
  dbm: { use: "@cascata/lmdb", arguments: { filename: as("path") } },
  memcached,
  pylibmc: memcached,
  bmemcached: memcached,
  pymemcache: memcached,
  redis: redis("redis_expiration_time"),
  redis_sentinel: sentinel("redis_expiration_time"),
  redis_cluster: cluster("redis_expiration_time"),
  valkey: redis("valkey_expiration_time"),
  valkey_sentinel: sentinel("valkey_expiration_time"),
  valkey_cluster: cluster("valkey_expiration_time"),
};

const prefix = "dogpile.cache.";

/** Dogpile's own names, as its users write them. */
export const dogpileNames: readonly string[] = Object.keys(dogpileBackends).map((name) => prefix + name);

/** The package behind a backend's name: dogpile's, a short one of dogpile's, or a package's own. */
export function useOf(name: string): string {
  return backendOf(name)?.use ?? name;
}

/** Options from the arguments of the backend `name`: dogpile's arguments for its names, our options for any. */
export function translate(name: string, given: FlatArguments): Translated {
  const backend = backendOf(name);
  const options: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  let keepSeconds: number | undefined;
  for (const [path, value] of Object.entries(backend?.defaults ?? {})) putAt(options, path, value);
  for (const [argument, text] of Object.entries(given)) {
    const value = coerced(text);
    if (argument === backend?.keep) {
      if (typeof value === "number" && value > 0) keepSeconds = value;
      continue;
    }
    const place = Object.hasOwn(backend?.arguments ?? {}, argument) ? backend?.arguments[argument] : undefined;
    const put = (option: string, placed: unknown) => {
      origins[option.split(".")[0] as string] = argument;
      putAt(options, option, placed);
    };
    if (place === undefined) put(camelCase(argument), value);
    else if (value !== null || argument.startsWith("lock_")) place(value, put);
  }
  return { options, origins, keepSeconds };
}

function backendOf(name: string): DogpileBackend | undefined {
  const short = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return Object.hasOwn(dogpileBackends, short) ? dogpileBackends[short] : undefined;
}

/** Puts `value` at a dotted path, making the objects on the way; objects that were given stay as they are. */
function putAt(target: Record<string, unknown>, path: string, value: unknown): void {
  const [first = "", ...rest] = path.split(".");
  const before = target[first];
  const both = typeof value === "object" && value !== null && !Array.isArray(value) && typeof before === "object";
  if (rest.length === 0) target[first] = both ? { ...(value as object), ...before } : value;
  else {
    const inner: Record<string, unknown> = { ...(before as object | undefined) };
    putAt(inner, rest.join("."), value);
    target[first] = inner;
  }
}

/** `[["a", 26379], …]`, `[{ host, port }, …]` or `"a:26379, b:26379"`. */
function nodesOf(value: unknown): readonly { readonly host: string; readonly port: number }[] {
  const list = typeof value === "string" ? value.split(",").map((one) => one.trim().split(":")) : value;
  if (!Array.isArray(list)) return [];
  return list.map((node: unknown) => {
    const [host, port] = Array.isArray(node) ? node : [memberOf(node, "host"), memberOf(node, "port")];
    return { host: String(host), port: Number(port) };
  });
}

function memberOf(node: unknown, name: string): unknown {
  return typeof node === "object" && node !== null ? (node as Record<string, unknown>)[name] : undefined;
}
