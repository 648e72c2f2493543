-- read_leases: everything about a machine's leases at one moment.
-- uses: clock reaping granting
-- KEYS[1] machine   hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs
-- KEYS[8] granted   channel: ids that were granted, with blanks between
-- returns the server's time in µs, the machine, its leases, when they expire, who waits in order, and what they asked for

local now = microseconds()
if reap(now) then
  grant_next(now)
end
write_resources()
return {
  string.format('%.0f', now), redis.call('HGETALL', KEYS[1]), redis.call('HGETALL', KEYS[2]),
  redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES'), redis.call('ZRANGE', KEYS[4], 0, -1), redis.call('HGETALL', KEYS[5]),
}
