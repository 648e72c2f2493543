-- living: leases that count as held.
-- uses: resources
-- KEYS[2] leases   hash: id -> lease
-- KEYS[3] expiry   zset: id by the time at which its lease expires, µs

-- A lease is 'fence granted ' and the request that it answers.
local function lease_of(record)
  local fence, granted, rank, lasting, pid, since, weights =
    string.match(record, '^(%d+) (%d+) (%d) (%d) (%d+) (%d+) %d+\n([^\n]*)')
  return {
    fence = fence, granted = tonumber(granted), rank = tonumber(rank), lasting = lasting == '1', pid = pid,
    since = tonumber(since), weights = weights,
  }
end

-- The clock is a floor under the fencing number, so that one lost with a disk doesn't begin again below numbers in use.
local function grant(id, asked, now)
  set_fact('fence', math.max(facts.fence + 1, now))
  redis.call('HSET', KEYS[2], id, string.format('%.0f %.0f ', facts.fence, now) .. asked.record)
  redis.call('ZADD', KEYS[3], now + asked.ttl, id)
  add(asked.weights, 'leased', 1)
  if asked.lasting then
    add(asked.weights, 'lasting', 1)
  end
  return facts.fence
end

local function drop(id, lease)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  local weights = weights_of(lease.weights)
  add(weights, 'leased', -1)
  if lease.lasting then
    add(weights, 'lasting', -1)
  end
end
