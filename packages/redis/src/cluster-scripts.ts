import { announce, place, type Script, script, take, takeLease, tell } from "./scripts.ts";

/**
 * Takes an order, and where there is a feed announces that keys are about to change. In a cluster the values stand in other
 * slots, so that the change itself cannot be part of this step.
 *   KEYS[1] order · KEYS[2] feed · ARGV[2] sender · [3] after how many ms the change is over, at the latest · [4] values
 * Gives { epoch, seq, number of the notice }.
 */
export const intentScript: Script = script(
  place,
  take,
  announce,
  `
local told = ARGV[4] ~= ''
local epoch, base, seq, notices = take(told)
if told then announce(epoch, base, seq, notices, 's', ARGV[2], 'k', ARGV[4], 'i', ARGV[3]) end
return { epoch, seq, notices }`,
);

/**
 * Announces that a change is over, which keys somebody waits for, which ones a fill has replaced, and how a creation failed.
 *   KEYS[1] order · KEYS[2] feed · ARGV[2] number of the intent's notice, '' for none · [3] filled values · [4] sender
 *   ARGV[5] replaced values · [6] the failure of the filled ones, '' for none
 */
export const doneScript: Script = script(
  place,
  announce,
  tell,
  `
tell('d', ARGV[2], 'f', ARGV[3], 's', ARGV[4], 'k', ARGV[5], 'e', ARGV[6])
return 1`,
);

/**
 * Stores one value in its slot, unless a newer one is there: orders are taken before, so two writers may arrive the other
 * way round.
 *   KEYS[1] value · ARGV[1] epoch and order as the head spells them · [2] the server's instant after which it is too late,
 *   0: none · [3] ticket, '' for none · [4] life in ms (0: without end, -1: none left) · [5] body
 * Gives 1 (stored), 2 (stored, and somebody waits), 0 (the ticket is no longer good), 3 (a newer one is there), 4 and 5 (as
 * 1 and 2, and the holder of the ticket had found a value), or 'late seconds microseconds'.
 */
export const slotStoreScript: Script = script(`
if ARGV[2] ~= '0' then
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > tonumber(ARGV[2]) then return 'late ' .. t[1] .. ' ' .. t[2] end
end
local lease = redis.call('GET', KEYS[1] .. ':lease')
if ARGV[3] ~= '' and (not lease or string.sub(lease, 2) ~= ARGV[3]) then return 0 end
local there = redis.pcall('GETRANGE', KEYS[1], 9, 37)
if type(there) == 'string' and string.sub(there, 1, 12) == string.sub(ARGV[1], 1, 12) and there > ARGV[1] then return 3 end
if ARGV[4] == '-1' then
  redis.call('UNLINK', KEYS[1])
elseif ARGV[4] == '0' then
  redis.call('SET', KEYS[1], 'cascata1 ' .. ARGV[1] .. ' ' .. ARGV[5])
else
  redis.call('SET', KEYS[1], 'cascata1 ' .. ARGV[1] .. ' ' .. ARGV[5], 'PX', ARGV[4])
end
if not lease then return 1 end
redis.call('DEL', KEYS[1] .. ':lease')
local flags = string.byte(lease)
return 1 + flags % 2 + (ARGV[3] ~= '' and flags > 49 and 3 or 0)`);

/**
 * Reads one value, and leases it if it is absent or rejected; as the script for a single server does.
 *   KEYS[1] value · ARGV[1] token · [2] ms · [3] what is rejected
 * Gives { value or false, 0, 1 or -1 - the holder's ms, and then the holder's token }.
 */
export const slotLeaseScript: Script = script(
  takeLease,
  `
local value, said, holder = redis.pcall('GET', KEYS[1]), 0, nil
if not value or value.err or ARGV[3] == '*' or (ARGV[3] ~= '' and string.sub(value, 10, 38) == ARGV[3]) then
  said, holder = takeLease(KEYS[1] .. ':lease', ARGV[1], ARGV[2], value)
end
return { value and (value.err or value), said, holder }`,
);

/**
 * Gives one lease back, where the token still holds it.
 *   KEYS[1] value · ARGV[1] token
 * Gives 0 (not held), 1 (given back), 2 (given back, and somebody waits).
 */
export const slotReleaseScript: Script = script(`
local lease = redis.call('GET', KEYS[1] .. ':lease')
if not lease or string.sub(lease, 2) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1] .. ':lease')
return 1 + string.byte(lease) % 2`);
