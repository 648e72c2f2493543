-- take_step: take a step that nobody holds and nobody has finished, or prolong our own under the number it has.
-- uses: clock
-- KEYS[1] step       hash: state (taken or done), holder, fence; expires with the claim, or with the memory of its end
-- KEYS[2] fence      last fencing number given out; only grows
-- ARGV[1] holder     who takes it
-- ARGV[2] ttl_ms     life of the claim without renewal, in milliseconds
-- returns {1, fence} taken | {0, 0} held by another | {2, 0} done before

local step = redis.call('HMGET', KEYS[1], 'state', 'holder', 'fence')
if step[1] == 'done' then
  return {2, 0}
end
if step[1] and step[2] ~= ARGV[1] then
  return {0, 0}
end

local fence = tonumber(step[3])
if not fence then
  -- The clock is a floor under the counter, so that a counter lost with a disk doesn't begin again below numbers in use.
  local clock = math.floor(microseconds() / 1000)
  fence = math.max(tonumber(redis.call('GET', KEYS[2]) or '0') + 1, clock)
  local digits = string.format('%.0f', fence)
  redis.call('SET', KEYS[2], digits)
  redis.call('HSET', KEYS[1], 'state', 'taken', 'holder', ARGV[1], 'fence', digits)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {1, fence}
