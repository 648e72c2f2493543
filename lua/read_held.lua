-- read_held: what living leases cover by process, to be asked just before measuring.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- returns the server's time in µs, and the lines 'pid weights'

local now = microseconds()
read_machine({})
local at = next_look(now)
local _, gone = reap(now)
if gone then
  grant_next(now)
end
set_fact('looked', at)
local before = tonumber(redis.call('HGET', KEYS[1], '@time') or 0)
set_fact('time', now)

-- The records are the truth: all are read here anyway, so what somebody broke by deleting keys by hand is mended.
local FIELDS = {'leased', 'lasting', 0, 1, 2}
local covered, counted, waiting = {}, {}, 0
local function count(weights, field)
  for i = 1, #weights, 2 do
    local sums = counted[weights[i]] or {leased = 0, lasting = 0, [0] = 0, [1] = 0, [2] = 0}
    sums[field], counted[weights[i]] = sums[field] + weights[i + 1], sums
  end
end

local records = redis.call('HGETALL', KEYS[2])
for i = 2, #records, 2 do
  local record = record_of(records[i])
  if record.waits then
    waiting = waiting + 1
    count(record.weights, record.rank)
  else
    count(record.weights, 'leased')
    if record.lasting then
      count(record.weights, 'lasting')
    end
    covered[#covered + 1] = record.pid .. ' ' .. record.packed
  end
end

for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not string.find(name, '^[@=]') and not counted[name] then
    counted[name] = {leased = 0, lasting = 0, [0] = 0, [1] = 0, [2] = 0}
  end
end
for name, sums in pairs(counted) do
  local known = resource(name)
  for _, field in ipairs(FIELDS) do
    if known[field] ~= sums[field] then
      known[field], changed[name] = sums[field], known
    end
  end
end
if redis.call('ZCARD', KEYS[3]) ~= #records / 2 or redis.call('ZCARD', KEYS[4]) ~= waiting then
  for i = 1, #records, 2 do
    local record = record_of(records[i + 1])
    redis.call('ZADD', KEYS[3], 'NX', now + record.ttl, records[i])
    set_fact('next', 0)
    if record.waits then
      redis.call('ZADD', KEYS[4], 'NX', record.since, records[i])
    end
  end
end

-- The clock was set back: nobody lives longer for it, and those who wait stay before those who ask from now on.
local function set_back()
  local latest = now
  for i = 2, #records, 2 do
    local record = record_of(records[i])
    latest = record.waits and math.max(latest, record.since) or latest
  end
  for i = 1, #records, 2 do
    local id, record = records[i], record_of(records[i + 1])
    if tonumber(redis.call('ZSCORE', KEYS[3], id)) > now + record.ttl then
      ends_at(id, now + record.ttl)
    end
    if record.waits and tonumber(record.since) > now then
      local since = string.format('%.0f', record.since - latest + now)
      redis.call('HSET', KEYS[2], id, (string.gsub(record.text, ' %d+ (%d+\n)', ' ' .. since .. ' %1', 1)))
      redis.call('ZINCRBY', KEYS[4], now - latest, id)
    end
  end
  set_fact('stale', facts.stale - before + now)
end

if now < before then
  set_back()
end
write_machine()
return {string.format('%.0f', at), table.concat(covered, '\n')}
