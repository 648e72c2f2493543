-- release_lease: give a living lease back, and grant what now fits.
-- uses: clock reaping granting
-- KEYS[1] machine   hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs
-- KEYS[8] granted   channel: ids that were granted, with blanks between
-- ARGV[1] id     the lease
-- ARGV[2] fence  its fencing number
-- returns 1 released | 0 expired

local now = microseconds()
local gone = reap(now)
local record = redis.call('HGET', KEYS[2], ARGV[1])
local lease = record and lease_of(record)
local ours = lease and lease.fence == ARGV[2]
if ours then
  drop(ARGV[1], lease)
end
if ours or gone then
  grant_next(now)
end
write_resources()
if ours then
  return 1
end
return 0
