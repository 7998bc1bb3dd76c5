-- A counter of attempts that expires some time after the last counted attempt.
--
-- KEYS[1]  string: number of counted attempts
-- ARGV[1]  maximum number of attempts
-- ARGV[2]  milliseconds until expiry
--
-- Returns 1 and counts, or returns 0 and changes nothing if the maximum is reached.

if tonumber(redis.call('GET', KEYS[1]) or 0) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
