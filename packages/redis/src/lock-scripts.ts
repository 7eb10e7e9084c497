import { type Script, script } from "./scripts.ts";

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
