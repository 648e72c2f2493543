-- renew_lease: prolong a living lease, and tell whether a better class waits for what it holds.
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
-- ARGV[3] ttl    its life from now on, in µs
-- returns 1 renewed | 2 yield | 0 expired

local now = microseconds()
if reap(now) then
  grant_next(now)
end
write_resources()

local record = redis.call('HGET', KEYS[2], ARGV[1])
local lease = record and lease_of(record)
if not lease or lease.fence ~= ARGV[2] then
  return 0
end
redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[1])

local weights = is_open(now) and weights_of(lease.weights) or {}
for i = 1, #weights, 2 do
  local known, better = resource(weights[i]), 0
  for rank = 0, lease.rank - 1 do
    better = better + known[rank]
  end
  if better > 0 and known.failure == '' and better > free(known) then
    return 2
  end
end
return 1
