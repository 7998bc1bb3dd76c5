-- Attempts that are counted until some time has passed since the last one that was let through.
--
-- KEYS[1]  string: how many there were; expires then
-- ARGV[1]  how many may be
-- ARGV[2]  milliseconds
--
-- Returns 1 and counts, or returns 0 and changes nothing where there were too many.

if tonumber(redis.call('GET', KEYS[1]) or 0) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
