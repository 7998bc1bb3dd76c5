-- A rate limit as a leaky bucket (GCRA), on the server's clock.
--
-- KEYS[1]  string: time in microseconds at which the bucket will be empty; expires at that time
-- ARGV[1]  microseconds in which one drop leaks
-- ARGV[2]  capacity of the bucket in drops
--
-- Returns 1 and adds a drop, or returns 0 and changes nothing if the bucket would overflow.

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local drop = tonumber(ARGV[1])
local empty_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
if empty_at - now > drop * (tonumber(ARGV[2]) - 1) then
  return 0
end
empty_at = empty_at + drop
redis.call('SET', KEYS[1], string.format('%.0f', empty_at), 'PX', math.ceil((empty_at - now) / 1000))
return 1
