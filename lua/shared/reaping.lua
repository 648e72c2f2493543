-- reaping: ends what nobody renewed. A dead holder's memory may still be in use, so it counts until it is seen to be free.
-- uses: queue living
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs

-- Later than the last look at who holds what, though the clock stand still: that look has taken it for living.
local function next_look(now)
  return math.max(now, facts.looked + 1)
end

-- Whether somebody lost a place in the queue, so that what was kept for it is free.
local function reap(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do
    local lease = lease_of(redis.call('HGET', KEYS[2], id))
    drop(id, lease)
    redis.call('ZADD', KEYS[7], next_look(now), lease.fence .. ' ' .. lease.weights)
    add(weights_of(lease.weights), 'ending', 1)
  end
  local impatient = redis.call('ZRANGEBYSCORE', KEYS[6], '-inf', now)
  for _, id in ipairs(impatient) do
    leave(id, request_of(redis.call('HGET', KEYS[5], id)))
  end
  return #impatient > 0
end
