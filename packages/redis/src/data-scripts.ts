import { announce, leasesOf, place, type Script, script, take, tell } from "./scripts.ts";

/**
 * Stores entries under one order.
 *   KEYS[3…] values
 *   ARGV[2] sender · [3] the server's instant after which it is too late, 0: none · [4] ticket, '' for none
 *   ARGV[5] the bodies, joined · then for each key: its life in ms (0: without end, -1: none left) and its body's length
 * Gives 'epoch seq ' and 1 or 0 for each key, or 'late seconds microseconds'.
 */
export const storeScript: Script = script(
  place,
  take,
  announce,
  tell,
  leasesOf,
  `
if ARGV[3] ~= '0' then
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > tonumber(ARGV[3]) then return 'late ' .. t[1] .. ' ' .. t[2] end
end
local ticket, from = ARGV[4], 1
local epoch, base, seq, notices = take(ticket == '')
local head = string.format('cascata1 %s %016d ', epoch, seq)
local leased, stored, filled = leases(3), {}, {}
for i = 3, #KEYS do
  local key, life, length = KEYS[i], ARGV[2 * i], tonumber(ARGV[2 * i + 1])
  local lease = leased[i]
  if ticket ~= '' and (not lease or string.sub(lease, 2) ~= ticket) then
    stored[#stored + 1] = '0'
  else
    if life == '-1' then
      redis.call('UNLINK', key)
    else
      local value = head .. string.sub(ARGV[5], from, from + length - 1)
      if life == '0' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', life) end
    end
    if lease then
      redis.call('DEL', key .. ':lease')
      if string.byte(lease) == 49 then filled[#filled + 1] = key end
    end
    stored[#stored + 1] = '1'
  end
  from = from + length
end
if ticket == '' then
  announce(epoch, base, seq, notices, 's', ARGV[2], 'k', table.concat(KEYS, '\\n', 3), 'f', table.concat(filled, '\\n'))
elseif filled[1] then
  tell('f', table.concat(filled, '\\n'))
end
return epoch .. ' ' .. seq .. ' ' .. table.concat(stored)`,
);

/**
 * Deletes values and their leases under one order. The deletion comes first: a server that is out of memory allows it, and
 * all that follows it in the script.
 *   KEYS[3…] values · ARGV[2] sender
 * Gives 'epoch seq'.
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
local epoch, base, seq, notices = take(true)
announce(epoch, base, seq, notices, 's', ARGV[2], 'k', table.concat(KEYS, '\\n', 3))
return epoch .. ' ' .. seq`,
);

/**
 * Reads values, and leases those that are absent or rejected. Whoever finds a lease taken leaves a flag on it, so that the
 * fill is announced.
 *   KEYS[3…] values · ARGV[1] token · [2] ms · then for each key what is rejected: '', '*' for anything, or a revision
 * Gives { epoch, seq, then for each key its value or false, and 0 (nothing was asked), 1 (leased) or -1 - the holder's ms }.
 * A key that holds no string is given as the error that reading it gave. Where the server takes no writes (out of memory, a
 * replica) the lease is granted without being kept: the read works on, and the fill is refused.
 */
export const leaseScript: Script = script(
  place,
  `
local epoch, base, seq = place()
local reply, mine = { epoch, seq }, ARGV[1]
for i = 3, #KEYS do
  local key, rejects = KEYS[i], ARGV[i]
  local value = redis.pcall('GET', key)
  local said = 0
  if not value or value.err or rejects == '*' or (rejects ~= '' and string.sub(value, 10, 38) == rejects) then
    local lease = redis.call('GET', key .. ':lease')
    if not lease then
      redis.pcall('SET', key .. ':lease', '0' .. mine, 'PX', ARGV[2])
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
 *   KEYS[3…] values · ARGV[2] token
 */
export const releaseScript: Script = script(
  place,
  announce,
  tell,
  leasesOf,
  `
local freed, leased = {}, leases(3)
for i = 3, #KEYS do
  local lease = leased[i]
  if lease and string.sub(lease, 2) == ARGV[2] then
    redis.call('DEL', KEYS[i] .. ':lease')
    if string.byte(lease) == 49 then freed[#freed + 1] = KEYS[i] end
  end
end
if freed[1] then tell('f', table.concat(freed, '\\n')) end
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
