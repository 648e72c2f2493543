-- renew_lease: prolong a living lease, and tell whether a better class waits for what it holds.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id     the lease
-- ARGV[2] fence  its fencing number
-- ARGV[3] ttl    its life from now on, in µs
-- returns 1 renewed | 2 yield | 0 expired

local id, now = ARGV[1], microseconds()
local lease = read_record(id)
read_machine(lease and lease.weights or {})
local ended, gone = reap(now)
if gone then
  grant_next(now)
end
write_machine()
if not lease or ended[id] or lease.fence ~= ARGV[2] then
  return 0
end
redis.call('ZADD', KEYS[3], now + ARGV[3], id)

for i = 1, is_open(now) and #lease.weights or 0, 2 do
  local known, better = resource(lease.weights[i]), 0
  for rank = 0, lease.rank - 1 do
    better = better + known[rank]
  end
  if better > 0 and known.failure == '' and better > free(known) then
    return 2
  end
end
return 1
