-- write_state: store an agent's new state if nobody has stored one since the writer read; the last states are kept.
-- uses: clock
-- KEYS[1] state      hash: version, at (ms since epoch), nonce, content; of a forgotten one only its last version, for a while
-- KEYS[2] history    list: earlier versions, newest first, each packed as "version at nonce content"
-- KEYS[3] agents     sorted set: agents that have a state, by when it was written (ms since epoch)
-- ARGV[1] agent      whose state it is
-- ARGV[2] expected   the version that the writer has read; 0 for none
-- ARGV[3] nonce      names this writing; the same again means the same writing, repeated after a lost reply
-- ARGV[4] content    JSON
-- ARGV[5] keep       how many earlier versions are kept
-- returns {1, version, at} written | {0, 0, 0} changed since

local found = redis.call('HMGET', KEYS[1], 'version', 'at', 'nonce', 'content')
local version, expected = tonumber(found[1] or '0'), tonumber(ARGV[2])
local read = found[4] and version or 0

if read ~= expected then
  if found[4] and found[3] == ARGV[3] then
    return {1, version, tonumber(found[2])}
  end
  -- Ours came right after the version that we had read: the oldest one where there was none.
  local place = expected > 0 and version - expected - 2 or -1
  local packed = redis.call('LINDEX', KEYS[2], place) or ''
  local ours, at, nonce = string.match(packed, '^(%d+) (%d+) (%S+) ')
  if nonce == ARGV[3] then
    return {1, tonumber(ours), tonumber(at)}
  end
  return {0, 0, 0}
end

local at = math.floor(microseconds() / 1000)
if found[4] then
  redis.call('LPUSH', KEYS[2], table.concat(found, ' '))
  redis.call('LTRIM', KEYS[2], 0, tonumber(ARGV[5]) - 1)
end
local digits = string.format('%.0f', at)
redis.call('HSET', KEYS[1], 'version', version + 1, 'at', digits, 'nonce', ARGV[3], 'content', ARGV[4])
redis.call('PERSIST', KEYS[1])
redis.call('ZADD', KEYS[3], digits, ARGV[1])
return {1, version + 1, at}
