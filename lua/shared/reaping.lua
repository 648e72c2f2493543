-- reaping: ends what nobody renewed. A dead holder's memory may still be in use, so it counts until it is seen to be free.
-- uses: records
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs

local NEVER = 2 ^ 53

-- Later than the last look at who holds what, though the clock stand still: that look has taken it for living.
local function next_look(now)
  return math.max(now, facts.looked + 1)
end

-- What has ended, as a set, and whether one of those waited, so that what was kept for it is free.
local function reap(now)
  local ended, gone = {}, false
  if now < facts.next then
    return ended, gone
  end
  local late = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)
  for i = 1, #late do
    local id = late[i]
    local record = read_record(id)
    if record then
      drop(id, record)
    else
      -- Somebody deleted keys of ours by hand.
      redis.call('ZREM', KEYS[3], id)
      redis.call('ZREM', KEYS[4], id)
    end
    ended[id], gone = true, gone or not record or record.waits
    if record and not record.waits then
      redis.call('ZADD', KEYS[5], next_look(now), record.fence .. ' ' .. record.packed)
      add(record.weights, 'ending', 1)
    end
  end
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
  set_fact('next', tonumber(first[2] or NEVER))
  return ended, gone
end
