import { createHash } from "node:crypto";

/** A Lua script and the digest by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly digest: string;
}

/** A script of these parts. */
export function script(...parts: readonly string[]): Script {
  const text = parts.join("\n");
  return Object.freeze({ text, digest: createHash("sha1").update(text).digest("hex") });
}

// Scripts that count have KEYS[1] order, KEYS[2] feed; those that announce also ARGV[1]: how many notices the feed keeps,
// about; 0: there is no feed.

/**
 * The place of the namespace: epoch, its beginning (the first half of each notice's id), counter, number of notices.
 * A missing counter (first use, eviction, a flush) begins a new epoch; its ids come after all that the feed has had.
 */
export const place: string = `
local function place()
  local p = redis.call('HMGET', KEYS[1], 'epoch', 'base', 'seq', 'notices')
  if p[1] then return p[1], p[2], tonumber(p[3]), tonumber(p[4]) end
  local t = redis.call('TIME')
  local epoch = string.sub(redis.sha1hex(t[1] .. ' ' .. t[2] .. ' ' .. KEYS[1]), 1, 12)
  local base = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'base', base, 'seq', 0, 'notices', 0)
  return epoch, base, 0, 0
end`;

/**
 * Takes the next order; and, where something will be announced, the next notice, in the same command. Both as texts: each
 * time that Lua or Redis spells a number takes as long as half a command.
 */
export const take: string = `
local function take(announced)
  local epoch, base, seq, notices = place()
  seq = string.format('%d', seq + 1)
  if announced and ARGV[1] ~= '0' then
    notices = string.format('%d', notices + 1)
    redis.call('HSET', KEYS[1], 'seq', seq, 'notices', notices)
  else
    redis.call('HSET', KEYS[1], 'seq', seq)
  end
  return epoch, base, seq, notices
end`;

/** Appends the notice that was taken. Ids count on by one, so that a reader sees whether it has missed any. */
export const announce: string = `
local function announce(epoch, base, seq, notices, ...)
  if ARGV[1] == '0' then return end
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], base .. '-' .. notices, 'o', epoch .. ' ' .. seq, ...)
end`;

/** Takes a notice and appends it, without taking an order. */
export const tell: string = `
local function tell(...)
  if ARGV[1] == '0' then return end
  local epoch, base, seq, notices = place()
  redis.call('HSET', KEYS[1], 'notices', notices + 1)
  announce(epoch, base, seq, notices + 1, ...)
end`;

/**
 * Takes a lease for the token, or leaves a word that somebody waits. A lease holds a digit and its owner's token; the digit
 * is 1 where somebody waits, and 2 more where its holder has found a value and rejects it. `value.err` also serves a text,
 * which has no such field. Gives 1, or -1 - the holder's ms and the holder's token.
 */
export const takeLease: string = `
local function takeLease(name, token, ms, value)
  local lease = redis.call('GET', name)
  if not lease then
    redis.pcall('SET', name, (value and '2' or '0') .. token, 'PX', ms)
    return 1
  end
  if string.sub(lease, 2) == token then return 1 end
  local flags = string.sub(lease, 1, 1)
  if flags == '0' then redis.call('SETRANGE', name, 0, '1') end
  if flags == '2' then redis.call('SETRANGE', name, 0, '3') end
  return -1 - math.max(0, redis.call('PTTL', name)), string.sub(lease, 2)
end`;

/** The leases of KEYS[from…], read in few commands: calling one costs more than it does. */
export const leasesOf: string = `
local function leases(from)
  local found = {}
  if #KEYS == from then
    found[from] = redis.call('GET', KEYS[from] .. ':lease')
    return found
  end
  for first = from, #KEYS, 1000 do
    local names, last = {}, math.min(first + 999, #KEYS)
    for i = first, last do names[#names + 1] = KEYS[i] .. ':lease' end
    local some = redis.call('MGET', unpack(names))
    for i = first, last do found[i] = some[i - first + 1] end
  end
  return found
end`;

/**
 * Where the count and the feed stand. A run id that is not the one noted begins a new epoch: the server was restarted or
 * replaced, and may have forgotten what it had counted. The script asks for it, because a Cluster's client sends an `INFO`
 * of its own to any node.
 * Gives { epoch, base, seq, notices, seconds, microseconds }.
 */
export const placeScript: Script = script(
  place,
  `
local info = redis.pcall('INFO', 'server')
local own = type(info) == 'string' and string.match(info, 'run_id:(%w+)')
local run = redis.call('HGET', KEYS[1], 'run')
if own and run and run ~= own then
  redis.call('HDEL', KEYS[1], 'epoch')
end
local epoch, base, seq, notices = place()
if own and run ~= own then redis.call('HSET', KEYS[1], 'run', own) end
local t = redis.call('TIME')
return { epoch, base, seq, notices, t[1], t[2] }`,
);

/**
 * Where the count stands.
 * Gives { epoch, seq }.
 */
export const countScript: Script = script(
  place,
  `
local epoch, base, seq = place()
return { epoch, seq }`,
);
