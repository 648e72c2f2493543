-- take_claim: take a run that nobody holds, or take our own again, under a new fencing number.
-- KEYS[1] claim      hash: holder, fence; expires with the claim
-- KEYS[2] fence      last fencing number given out; only grows
-- ARGV[1] holder     who takes it
-- ARGV[2] ttl_ms     life of the claim without renewal, in milliseconds
-- ARGV[3] above      a fencing number in use already; the new one is larger
-- returns {1, fence} taken | {0, 0} held by another

local holder = redis.call('HGET', KEYS[1], 'holder')
if holder and holder ~= ARGV[1] then
  return {0, 0}
end

-- The clock is a floor under the counter, so that a counter lost with a disk doesn't begin again below numbers in use.
local now = redis.call('TIME')
local clock = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local fence = math.max(last + 1, clock, tonumber(ARGV[3]) + 1)
local digits = string.format('%.0f', fence)

redis.call('SET', KEYS[2], digits)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'fence', digits)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, fence}
