import { ConfigurationError } from "@cascata/core";
import { type RedisBackendOptions, redisOptionNames } from "./options.ts";

/** Options that say where Redis is, as dogpile's configuration spells them. */
const places = ["host", "port", "db", "username", "password"] as const;

/**
 * Options from a flat configuration: the entries whose key starts with `prefix`, without it. Texts are taken for what they
 * mean (`"false"`, `"10000"`). Beside the backend's own options it knows `host`, `port`, `db`, `username` and `password`,
 * and `feed.length`, `feed.heartbeat` and `feed.url`.
 * @throws ConfigurationError naming what nobody knows
 */
export function optionsFromConfig(config: Readonly<Record<string, unknown>>, prefix: string): RedisBackendOptions {
  const options: Record<string, unknown> = {};
  const place: Record<string, unknown> = {};
  const feed: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(config)) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const value = typeof given === "string" ? meant(name, given.trim()) : given;
    if (name.startsWith("feed.")) feed[name.slice("feed.".length)] = value;
    else if (places.some((known) => known === name)) place[name] = value;
    else options[name] = value;
  }
  if (Object.keys(feed).length > 0) options["feed"] = withFeed(options["feed"], feed, prefix);
  if (Object.keys(place).length > 0) options["connect"] = withPlace(options, place, prefix);
  return options as RedisBackendOptions;
}

function meant(name: string, text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  const isNumber = name === "maxMarks" || name === "feed.length" || name === "port" || name === "db";
  const isOption = redisOptionNames.includes(name) || name.startsWith("feed.");
  if (isNumber && /^\d+$/.test(text)) return Number(text);
  // A duration or a size without a unit is a number; a name or a password that looks like one is not.
  const isMeasure =
    isOption &&
    /^(deadline|maxEntrySize|bulkAbove|lockTimeout|lockSleep|lockBlockingTimeout|feed\.heartbeat)$/.test(name);
  return isMeasure && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function withFeed(given: unknown, feed: Record<string, unknown>, prefix: string): unknown {
  if (given === undefined || given === true) return feed;
  throw new ConfigurationError({
    path: `${prefix}feed`,
    expected: "true beside feed.length, feed.heartbeat or feed.url",
    received: given,
  });
}

function withPlace(options: Record<string, unknown>, place: Record<string, unknown>, prefix: string): unknown {
  const { url, connect, client } = options;
  if (url !== undefined || connect !== undefined || client !== undefined) {
    const received = Object.keys(place).join(" and ");
    throw new ConfigurationError({ path: `${prefix}url`, expected: "either an address or host, port …", received });
  }
  const { host, port, db, username, password } = place;
  return {
    socket: { ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
    ...(db !== undefined && { database: db }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}
