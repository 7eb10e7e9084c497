import { createHash } from "node:crypto";

/** A Lua script and the digest by which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly digest: string;
}

function script(...parts: readonly string[]): Script {
  const text = parts.join("\n");
  return Object.freeze({ text, digest: createHash("sha1").update(text).digest("hex") });
}

// Every script that counts or announces has these first:
//   KEYS[1] the order, KEYS[2] the feed
//   ARGV[1] twelve characters: the epoch if one has to begin
//   ARGV[2] how many notices the feed keeps, about; 0: no feed

/**
 * The place of the namespace: epoch, its beginning (the first half of each notice's id), counter, number of notices.
 * A missing counter (first use, eviction, a flush) begins a new epoch; its ids come after all that the feed has had.
 */
const place = `
local function place()
  local p = redis.call('HMGET', KEYS[1], 'epoch', 'base', 'seq', 'notices')
  if p[1] then return p[1], p[2], tonumber(p[3]), tonumber(p[4]) end
  local t = redis.call('TIME')
  local base = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
  redis.call('UNLINK', KEYS[2])
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'base', base, 'seq', 0, 'notices', 0)
  return ARGV[1], base, 0, 0
end`;

/** Takes the next order. */
const take = `
local function take()
  local epoch, base, seq, notices = place()
  seq = seq + 1
  redis.call('HSET', KEYS[1], 'seq', seq)
  return epoch, base, seq, notices
end`;

/** The leases of KEYS[from…], read in few commands: calling one costs more than it does. */
const leasesOf = `
local function leases(from)
  local found = {}
  for first = from, #KEYS, 1000 do
    local names, last = {}, math.min(first + 999, #KEYS)
    for i = first, last do names[#names + 1] = KEYS[i] .. ':lease' end
    local some = redis.call('MGET', unpack(names))
    for i = first, last do found[i] = some[i - first + 1] end
  end
  return found
end`;

/** Appends a notice. Its id counts on by one, so that a reader sees whether it has missed any. */
const announce = `
local function announce(epoch, base, seq, notices, ...)
  if ARGV[2] == '0' then return end
  redis.call('HSET', KEYS[1], 'notices', notices + 1)
  redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], base .. '-' .. (notices + 1), 'o', epoch .. ' ' .. seq, ...)
end`;

/**
 * Stores entries under one order.
 *   KEYS[3…] values
 *   ARGV[3] sender · [4] the server's instant after which it is too late, 0: none · [5] ticket, '' for none
 *   ARGV[6] the bodies, joined · then for each key: its life in ms (0: without end, -1: none left) and its body's length
 * Gives { epoch, seq, then 1 or 0 for each key }, or { 'late', seconds, microseconds }.
 */
export const storeScript: Script = script(
  place,
  take,
  announce,
  leasesOf,
  `
if ARGV[4] ~= '0' then
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > tonumber(ARGV[4]) then return { 'late', t[1], t[2] } end
end
local epoch, base, seq, notices = take()
local head = string.format('cascata1 %s %016d ', epoch, seq)
local ticket, from = ARGV[5], 1
local reply, changed, filled, leased = { epoch, seq }, {}, {}, leases(3)
for i = 3, #KEYS do
  local key, life, length = KEYS[i], ARGV[2 * i + 1], tonumber(ARGV[2 * i + 2])
  local lease = leased[i]
  if ticket ~= '' and (not lease or string.sub(lease, 2) ~= ticket) then
    reply[#reply + 1] = 0
  else
    if life == '-1' then
      redis.call('UNLINK', key)
    else
      local value = head .. string.sub(ARGV[6], from, from + length - 1)
      if life == '0' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', life) end
    end
    if lease then
      redis.call('DEL', key .. ':lease')
      if string.byte(lease) == 49 then filled[#filled + 1] = key end
    end
    if ticket == '' then changed[#changed + 1] = key end
    reply[#reply + 1] = 1
  end
  from = from + length
end
if changed[1] or filled[1] then
  announce(epoch, base, seq, notices, 's', ARGV[3], 'k', table.concat(changed, '\\n'), 'f', table.concat(filled, '\\n'))
end
return reply`,
);

/**
 * Deletes values and their leases under one order. The deletion comes first: a server that is out of memory allows it, and
 * all that follows it in the script.
 *   KEYS[3…] values · ARGV[3] sender
 * Gives { epoch, seq }.
 */
export const deleteScript: Script = script(
  place,
  take,
  announce,
  `
for from = 3, #KEYS, 1000 do
  local gone = {}
  for i = from, math.min(from + 999, #KEYS) do
    gone[#gone + 1] = KEYS[i]
    gone[#gone + 1] = KEYS[i] .. ':lease'
  end
  redis.call('UNLINK', unpack(gone))
end
local epoch, base, seq, notices = take()
announce(epoch, base, seq, notices, 's', ARGV[3], 'k', table.concat(KEYS, '\\n', 3))
return { epoch, seq }`,
);

/**
 * Reads values, and leases those that are absent or rejected. Whoever finds a lease taken leaves a flag on it, so that the
 * fill is announced.
 *   KEYS[3…] values · ARGV[3] token · [4] ms · then for each key what is rejected: '', '*' for anything, or a revision
 * Gives { epoch, seq, then for each key its value or false, and 0 (nothing was asked), 1 (leased) or -1 - the holder's ms }.
 * A key that holds no string is given as the error that reading it gave. Where the server takes no writes (out of memory, a
 * replica) the lease is granted without being kept: the read works on, and the fill is refused.
 */
export const leaseScript: Script = script(
  place,
  `
local epoch, base, seq = place()
local reply, mine = { epoch, seq }, ARGV[3]
for i = 3, #KEYS do
  local key, rejects = KEYS[i], ARGV[i + 2]
  local value = redis.pcall('GET', key)
  local said = 0
  if not value or value.err or rejects == '*' or (rejects ~= '' and string.sub(value, 10, 38) == rejects) then
    local lease = redis.call('GET', key .. ':lease')
    if not lease then
      redis.pcall('SET', key .. ':lease', '0' .. mine, 'PX', ARGV[4])
      said = 1
    elseif string.sub(lease, 2) == mine then
      said = 1
    else
      redis.call('SETRANGE', key .. ':lease', 0, '1')
      said = -1 - math.max(0, redis.call('PTTL', key .. ':lease'))
    end
  end
  reply[#reply + 1] = value and (value.err or value)
  reply[#reply + 1] = said
end
return reply`,
);

/**
 * Prolongs leases that the token still holds.
 *   KEYS[1…] values · ARGV[1] token · [2] ms
 * Gives 1 or 0 for each.
 */
export const renewScript: Script = script(
  leasesOf,
  `
local reply, leased = {}, leases(1)
for i = 1, #KEYS do
  local lease = leased[i]
  if lease and string.sub(lease, 2) == ARGV[1] then
    reply[i] = redis.call('PEXPIRE', KEYS[i] .. ':lease', ARGV[2])
  else
    reply[i] = 0
  end
end
return reply`,
);

/**
 * Gives leases back where the token still holds them, and tells those who wait.
 *   KEYS[3…] values · ARGV[3] token
 */
export const releaseScript: Script = script(
  place,
  announce,
  leasesOf,
  `
local freed, leased = {}, leases(3)
for i = 3, #KEYS do
  local lease = leased[i]
  if lease and string.sub(lease, 2) == ARGV[3] then
    redis.call('DEL', KEYS[i] .. ':lease')
    if string.byte(lease) == 49 then freed[#freed + 1] = KEYS[i] end
  end
end
if freed[1] then
  local epoch, base, seq, notices = place()
  announce(epoch, base, seq, notices, 'f', table.concat(freed, '\\n'))
end
return 1`,
);

/**
 * The heads of values, for comparing revisions; an empty text for what is absent or no string.
 *   KEYS[1…] values
 */
export const headsScript: Script = script(`
local reply = {}
for i = 1, #KEYS do
  local head = redis.pcall('GETRANGE', KEYS[i], 0, 38)
  reply[i] = type(head) == 'string' and head or ''
end
return reply`);

/**
 * Where the count and the feed stand. A run id that is not the one noted begins a new epoch: the server was restarted or
 * replaced, and may have forgotten what it had counted.
 *   ARGV[3] run id, '' if it is not told
 * Gives { epoch, base, seq, notices, seconds, microseconds }.
 */
export const placeScript: Script = script(
  place,
  `
local run = redis.call('HGET', KEYS[1], 'run')
if ARGV[3] ~= '' and run and run ~= ARGV[3] then
  redis.call('HDEL', KEYS[1], 'epoch')
end
local epoch, base, seq, notices = place()
if ARGV[3] ~= '' and run ~= ARGV[3] then redis.call('HSET', KEYS[1], 'run', ARGV[3]) end
local t = redis.call('TIME')
return { epoch, base, seq, notices, t[1], t[2] }`,
);

/**
 * Writes marks under one order. Too many, and the oldest become floors, one a mode: marks on every name.
 *   KEYS[3] marks: mode and name to 'epoch seq at' · KEYS[4] their ages
 *   ARGV[3] sender · [4] 'h' or 's' · [5] the marking process's instant · [6] how many are kept · then names
 * Gives { epoch, seq }.
 */
export const markScript: Script = script(
  place,
  take,
  announce,
  `
local epoch, base, seq, notices = take()
local t = redis.call('TIME')
local age, mark, names = t[1] * 1000 + t[2] / 1000, epoch .. ' ' .. seq .. ' ' .. ARGV[5], {}
for i = 7, #ARGV do
  local name = ARGV[4] .. ARGV[i]
  redis.call('HSET', KEYS[3], name, mark)
  redis.call('ZADD', KEYS[4], age, name)
  names[#names + 1] = ARGV[i]
end
local most, count = tonumber(ARGV[6]), redis.call('HLEN', KEYS[3])
if count > most then
  local oldest = redis.call('ZPOPMIN', KEYS[4], count - most + math.floor(most / 10))
  for i = 1, #oldest, 2 do
    local floor = redis.call('HGET', KEYS[3], oldest[i])
    if floor then redis.call('HSET', KEYS[1], 'floor-' .. string.sub(oldest[i], 1, 1), floor) end
    redis.call('HDEL', KEYS[3], oldest[i])
  end
  count = redis.call('HLEN', KEYS[3])
end
redis.call('HSET', KEYS[1], 'marks', count)
announce(epoch, base, seq, notices, 's', ARGV[3], 'm', ARGV[4] .. table.concat(names, '\\n'), 'a', ARGV[5])
return { epoch, seq }`,
);

/**
 * The standing marks of names. Marks that have vanished (evicted) are replaced by a floor that covers all from before.
 *   KEYS[3] marks · ARGV[3…] names
 * Gives { hard floor, soft floor, then for each name its hard and its soft mark }, each 'epoch seq at' or ''.
 */
export const lookupScript: Script = script(
  place,
  take,
  `
local expected = tonumber(redis.call('HGET', KEYS[1], 'marks') or 0)
if expected > redis.call('HLEN', KEYS[3]) then
  local epoch, base, seq = take()
  local t = redis.call('TIME')
  local floor = epoch .. ' ' .. seq .. ' ' .. string.format('%.0f', t[1] * 1000 + t[2] / 1000)
  redis.call('HSET', KEYS[1], 'floor-h', floor, 'marks', redis.call('HLEN', KEYS[3]))
end
local floors = redis.call('HMGET', KEYS[1], 'floor-h', 'floor-s')
local reply = { floors[1] or '', floors[2] or '' }
for i = 3, #ARGV do
  local found = redis.call('HMGET', KEYS[3], 'h' .. ARGV[i], 's' .. ARGV[i])
  reply[#reply + 1] = found[1] or ''
  reply[#reply + 1] = found[2] or ''
end
return reply`,
);

/**
 * Takes a lock that is free, or that this owner holds already (the reply of an earlier attempt was lost).
 *   KEYS[1] lock · ARGV[1] owner · [2] ms, 0: for ever
 */
export const lockScript: Script = script(`
local owner = redis.call('GET', KEYS[1])
if owner then return owner == ARGV[1] and 1 or 0 end
if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`);

/**
 * Frees a lock, if this owner holds it.
 *   KEYS[1] lock · ARGV[1] owner
 */
export const unlockScript: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`);

/** All that are loaded into a new connection's server. */
export const scripts: readonly Script[] = [
  storeScript,
  deleteScript,
  leaseScript,
  renewScript,
  releaseScript,
  headsScript,
  placeScript,
  markScript,
  lookupScript,
  lockScript,
  unlockScript,
];
