-- forget_machine: drop everything about a machine that has published nothing for long, unless somebody holds or waits still.
-- uses: clock reaping
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] machines   zset: machine by the time at which it last published, µs
-- ARGV[1] machine  its name
-- ARGV[2] silence  for how long at least, in µs
-- returns 1 forgotten | 0 kept

local now = microseconds()
local published = redis.call('ZSCORE', KEYS[6], ARGV[1])
read_machine({})
reap(now)
write_machine()
if not published or tonumber(published) > now - ARGV[2] or redis.call('HLEN', KEYS[2]) > 0 then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5])
redis.call('ZREM', KEYS[6], ARGV[1])
return 1
