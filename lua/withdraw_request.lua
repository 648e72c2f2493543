-- withdraw_request: stop waiting; what was granted meanwhile is given back, and what now fits is granted.
-- uses: clock reaping granting
-- KEYS[1] machine   hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs
-- KEYS[8] granted   channel: ids that were granted, with blanks between
-- ARGV[1] id  the request, or the lease it became
-- returns 1 withdrawn | 2 released | 0 unknown

local now = microseconds()
local gone = reap(now)
local asked = redis.call('HGET', KEYS[5], ARGV[1])
local held = redis.call('HGET', KEYS[2], ARGV[1])
if asked then
  leave(ARGV[1], request_of(asked))
end
if held then
  drop(ARGV[1], lease_of(held))
end
if gone or asked or held then
  grant_next(now)
end
write_resources()
if asked then
  return 1
end
if held then
  return 2
end
return 0
