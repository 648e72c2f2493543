-- release_lease: give a living lease back, and grant what now fits.
-- uses: clock
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id     the lease
-- ARGV[2] fence  its fencing number
-- returns 1 released | 0 expired

local id, now = ARGV[1], microseconds()
local text = redis.call('HGET', KEYS[2], id) or ''

-- The way of most: nobody waits for what it covers, and nothing else has ended.
do
  local fence, lasting, weights = string.match(text, '^(%d+) %d+ %d (%d) [^\n]*\n([^\n]+)')
  local alone = fence == ARGV[2] and fence ~= '0' and lasting == '0'
  local names, amounts, fields = {'@next'}, {}, {}
  for name, amount in string.gmatch(alone and weights or '', '(%S+) (%d+)') do
    names[#names + 1] = '=' .. name
    amounts[#names] = tonumber(amount)
  end
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  alone = alone and now < tonumber(found[1] or 0)
  for i = 2, alone and #names or 0 do
    local leased, room = string.match(found[i] or '', '^(%d+) (%d+)')
    if not room then
      alone = false
      break
    end
    fields[#fields + 1] = names[i]
    fields[#fields + 1] = string.format('%.0f %.0f', leased - amounts[i], room + amounts[i])
  end
  if alone then
    redis.call('HDEL', KEYS[2], id)
    redis.call('ZREM', KEYS[3], id)
    redis.call('HSET', KEYS[1], unpack(fields))
    return 1
  end
end

-- uses: reaping granting

local record = text ~= '' and record_of(text)
read_machine(record and record.weights or {})
local ended, gone = reap(now)
local ours = record and not ended[id] and record.fence == ARGV[2]

-- Where there is room beside all that is waited for, nobody waits for want of it.
local scarce = gone
for i = 1, ours and #record.weights or 0, 2 do
  scarce = scarce or spoken_for(record.weights[i]).room < 0
end
if ours then
  drop(id, record)
end
if scarce then
  grant_next(now)
end
write_machine()
if ours then
  return 1
end
return 0
