-- take_permit: let so many through a second, however many ask, and tell the others how long to wait (GCRA).
-- uses: clock
-- KEYS[1] rate         string: when all that was let through is paid for, microseconds since epoch; expires then
-- ARGV[1] interval_us  what one permit costs in time: microseconds between two at the steady rate
-- ARGV[2] burst        how many may come at once after a pause
-- ARGV[3] cost         how many permits are asked for, at most `burst`
-- returns {1, 0} taken | {0, wait_us} early

local interval = tonumber(ARGV[1])
local span = interval * tonumber(ARGV[2])
local now = microseconds()

-- More than a whole burst is never owed: what says so was written before the clock was set back, or under another rate.
local paid = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now), now + span)
local next = paid + interval * tonumber(ARGV[3])
local early = next - span - now
if early > 0 then
  return {0, math.ceil(early)}
end
redis.call('SET', KEYS[1], string.format('%.17g', next), 'PX', math.max(1, math.ceil((next - now) / 1000)))
return {1, 0}
