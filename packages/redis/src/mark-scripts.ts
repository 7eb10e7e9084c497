import { announce, place, type Script, script, take } from "./scripts.ts";

/**
 * Writes marks under one order. Too many, and the oldest become floors, one a mode: marks on every name.
 *   KEYS[3] marks: mode and name to 'epoch seq at' · KEYS[4] their ages
 *   ARGV[2] sender · [3] 'h' or 's' · [4] the marking process's instant · [5] how many are kept · then names
 * Gives { epoch, seq }.
 */
export const markScript: Script = script(
  place,
  take,
  announce,
  `
local epoch, base, seq, notices = take(true)
local t = redis.call('TIME')
local age, mark, names = t[1] * 1000 + t[2] / 1000, epoch .. ' ' .. seq .. ' ' .. ARGV[4], {}
for i = 6, #ARGV do
  local name = ARGV[3] .. ARGV[i]
  redis.call('HSET', KEYS[3], name, mark)
  redis.call('ZADD', KEYS[4], age, name)
  names[#names + 1] = ARGV[i]
end
local most, count = tonumber(ARGV[5]), redis.call('HLEN', KEYS[3])
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
announce(epoch, base, seq, notices, 's', ARGV[2], 'm', ARGV[3] .. table.concat(names, '\\n'), 'a', ARGV[4])
return { epoch, seq }`,
);

/**
 * The standing marks of names. Marks that have vanished (evicted) are replaced by a floor that covers all from before.
 *   KEYS[3] marks · ARGV[1…] names
 * Gives { hard floor, soft floor, then for each name its hard and its soft mark }, each 'epoch seq at' or ''.
 */
export const lookupScript: Script = script(
  place,
  take,
  `
local expected = tonumber(redis.call('HGET', KEYS[1], 'marks') or 0)
if expected > redis.call('HLEN', KEYS[3]) then
  local epoch, base, seq = take(false)
  local t = redis.call('TIME')
  local floor = epoch .. ' ' .. seq .. ' ' .. string.format('%.0f', t[1] * 1000 + t[2] / 1000)
  redis.call('HSET', KEYS[1], 'floor-h', floor, 'marks', redis.call('HLEN', KEYS[3]))
end
local floors = redis.call('HMGET', KEYS[1], 'floor-h', 'floor-s')
local reply = { floors[1] or '', floors[2] or '' }
for i = 1, #ARGV do
  local found = redis.call('HMGET', KEYS[3], 'h' .. ARGV[i], 's' .. ARGV[i])
  reply[#reply + 1] = found[1] or ''
  reply[#reply + 1] = found[2] or ''
end
return reply`,
);
