-- records: requests and the leases that they become.
-- uses: resources
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back

-- 'lasting' is 0 or 1, or 2 for a lasting lease that was asked back.
local function record_of(text)
  local fence, granted, rest, rank, lasting, pid, since, ttl, weights =
    string.match(text, '^(%d+) (%d+) ()(%d) (%d) (%d+) (%d+) (%d+)\n([^\n]*)')
  return {
    fence = fence, waits = fence == '0', granted = granted, text = text, rest = rest, rank = tonumber(rank),
    lasting = lasting ~= '0', asked_back = lasting == '2', pid = pid, since = since, ttl = ttl, packed = weights, weights = weights_of(weights),
  }
end

-- The text of a lasting lease that is asked back.
local function asked_back(record)
  return string.sub(record.text, 1, record.rest + 1) .. '2' .. string.sub(record.text, record.rest + 3)
end

local function read_record(id)
  local text = redis.call('HGET', KEYS[2], id)
  return text and record_of(text)
end

local function unqueue(id, asked)
  redis.call('ZREM', KEYS[4], id)
  add(asked.weights, asked.rank, -1)
end

-- Nothing ends before `@next`, so that nobody need look for what has.
local function ends_at(id, deadline)
  redis.call('ZADD', KEYS[3], deadline, id)
  if deadline < facts.next then
    set_fact('next', deadline)
  end
end

-- The clock is a floor under the fencing number, so that one lost with a disk doesn't begin again below numbers in use.
local function grant(id, asked, now)
  set_fact('fence', math.max(facts.fence + 1, now))
  asked.fence, asked.granted = string.format('%.0f', facts.fence), now
  redis.call('HSET', KEYS[2], id, string.format('%s %.0f %s', asked.fence, now, string.sub(asked.text, asked.rest)))
  ends_at(id, now + asked.ttl)
  lease(asked.weights, 1)
  if asked.lasting then
    add(asked.weights, 'lasting', 1)
  end
end

-- Forget a request that waits, or a lease.
local function drop(id, record)
  redis.call('HDEL', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  if record.waits then
    return unqueue(id, record)
  end
  lease(record.weights, -1)
  if record.lasting then
    add(record.weights, 'lasting', -1)
  end
end
