-- queue: who waits, in order, and what all of them want of each resource.
-- uses: resources
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs

-- A request is 'rank lasting pid since ttl', a line of weights, and a line for people.
local function request_of(record)
  local rank, lasting, since, ttl, weights = string.match(record, '^(%d) (%d) %d+ (%d+) (%d+)\n([^\n]*)')
  return {
    record = record, rank = tonumber(rank), lasting = lasting == '1', since = tonumber(since), ttl = tonumber(ttl),
    weights = weights_of(weights),
  }
end

local function join(id, asked, place)
  redis.call('ZADD', KEYS[4], place, id)
  redis.call('HSET', KEYS[5], id, asked.record)
  add(asked.weights, asked.rank, 1)
end

local function leave(id, asked)
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZREM', KEYS[6], id)
  redis.call('HDEL', KEYS[5], id)
  add(asked.weights, asked.rank, -1)
end
