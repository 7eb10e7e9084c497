import { announce, leasesOf, place, type Script, script, take, takeLease, tell } from "./scripts.ts";

/**
 * Stores entries under one order.
 *   KEYS[3…] values
 *   ARGV[2] sender · [3] the server's instant after which it is too late, 0: none · [4] ticket, '' for none
 *   ARGV[5] the life of all, '' when they differ · then for each key its life, if they differ, and its body
 *   A life is in ms (0: without end, -1: none left). Each argument costs more than what is done with it.
 * Gives 'epoch seq', and with a ticket 1 or 0 for each key behind it; or 'late seconds microseconds'.
 * A fill that replaces what its holder had rejected is announced as a change; one of an absent key only to who waits.
 */
export const storeScript: Script = script(
  place,
  take,
  announce,
  tell,
  leasesOf,
  `
local call, KEYS, ARGV, ticket, life = redis.call, KEYS, ARGV, ARGV[4], ARGV[5]
if ARGV[3] ~= '0' then
  local t = call('TIME')
  if t[1] * 1000 + t[2] / 1000 > tonumber(ARGV[3]) then return 'late ' .. t[1] .. ' ' .. t[2] end
end
local epoch, base, seq, notices = take(ticket == '')
local head = string.format('cascata1 %s %016d ', epoch, seq)
local leased, differ, at = leases(3), life == '', 5
local stored, filled, replaced = {}, {}, {}
for i = 3, #KEYS do
  local key, lease = KEYS[i], leased[i]
  if differ then
    at = at + 1
    life = ARGV[at]
  end
  at = at + 1
  if ticket ~= '' and (not lease or string.sub(lease, 2) ~= ticket) then
    stored[#stored + 1] = '0'
  else
    if life == '0' then
      call('SET', key, head .. ARGV[at])
    elseif life == '-1' then
      call('UNLINK', key)
    else
      call('SET', key, head .. ARGV[at], 'PX', life)
    end
    if lease then
      call('DEL', key .. ':lease')
      local flags = string.byte(lease)
      if flags % 2 == 1 then filled[#filled + 1] = key end
      if flags > 49 then replaced[#replaced + 1] = key end
    end
    if ticket ~= '' then stored[#stored + 1] = '1' end
  end
end
if ticket == '' then
  if filled[1] then
    announce(epoch, base, seq, notices, 's', ARGV[2], 'k', table.concat(KEYS, '\\n', 3), 'f', table.concat(filled, '\\n'))
  else
    announce(epoch, base, seq, notices, 's', ARGV[2], 'k', table.concat(KEYS, '\\n', 3))
  end
  return epoch .. ' ' .. seq
end
if replaced[1] then
  tell('s', ARGV[2], 'k', table.concat(replaced, '\\n'), 'f', table.concat(filled, '\\n'))
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
 *   KEYS[3…] values · ARGV[1] token · [2] ms · [3] what is rejected of all, or '=' · then, if '=', of each key: '', '*' for
 *   anything, or a revision
 * Gives { '' or 'epoch seq' and what was said of leases, then each key's value or false }. Said is, for each key that was
 * absent or rejected, ' ', its place, ':' and 1 (leased) or -1 - the holder's ms; and of each holder, in a line, its token.
 * A key that holds no string is given as the error that reading it gave. Where the server takes no writes (out of memory, a
 * replica) the lease is granted without being kept: the read works on, and the fill is refused.
 */
export const leaseScript: Script = script(
  place,
  takeLease,
  `
local reply, said, all, holders = { '' }, '', ARGV[3], ''
local function one(i, value)
  local rejects = all
  if all == '=' then rejects = ARGV[i + 1] end
  if value and not value.err and rejects ~= '*' and (rejects == '' or string.sub(value, 10, 38) ~= rejects) then return end
  local word, holder = takeLease(KEYS[i] .. ':lease', ARGV[1], ARGV[2], value)
  said = said .. ' ' .. (i - 2) .. ':' .. word
  if holder then holders = holders .. '\\n' .. holder end
end
if #KEYS == 3 then
  local value = redis.pcall('GET', KEYS[3])
  one(3, value)
  reply[2] = value and (value.err or value)
else
  for first = 3, #KEYS, 1000 do
    local last = math.min(first + 999, #KEYS)
    local some = redis.call('MGET', unpack(KEYS, first, last))
    for i = first, last do
      local value = some[i - first + 1]
      -- Nothing is also what stands for a key of another type.
      if not value then value = redis.pcall('GET', KEYS[i]) end
      one(i, value)
      reply[i - 1] = value and (value.err or value)
    end
  end
end
if said ~= '' then
  local epoch, base, seq = place()
  reply[1] = epoch .. ' ' .. seq .. said .. holders
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
 *   KEYS[3…] values · ARGV[2] token · [3] how the creation has failed, '' if it has not
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
    if string.byte(lease) % 2 == 1 then freed[#freed + 1] = KEYS[i] end
  end
end
if freed[1] and ARGV[3] ~= '' then
  tell('f', table.concat(freed, '\\n'), 'e', ARGV[3])
elseif freed[1] then
  tell('f', table.concat(freed, '\\n'))
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
