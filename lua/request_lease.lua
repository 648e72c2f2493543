-- request_lease: grant a weighted claim on several resources at once, or queue it by priority and age.
-- uses: clock
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id       names the request and then the lease
-- ARGV[2] ttl      life of the lease without renewal, and of the place without asking again, in µs
-- ARGV[3] penalty  how far its class is put back in the queue, in µs
-- ARGV[4] asker    'rank lasting pid': its class from 0 (interactive), 1 if held between pieces of work, the holder's process
-- ARGV[5] weights  'ram 100 cpu 2'
-- ARGV[6] details  one line for people
-- returns {1, fence, waited} granted | {0, lacking} waiting | {-1, lacking} closed | {-2, lacking} impossible

local id, now = ARGV[1], microseconds()

-- The way of most requests, without what only waiting and ending need: there is room beside all that is waited for.
do
  local names, amounts = {'@stale', '@next', '@fence'}, {}
  for name, amount in string.gmatch(ARGV[5], '(%S+) (%d+)') do
    names[#names + 1] = '=' .. name
    amounts[#names] = tonumber(amount)
  end
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  local deadline, next_end = now + ARGV[2], tonumber(found[2] or 0)
  -- A lasting lease is counted apart.
  local fits = now < tonumber(found[1] or 0) and now < next_end and string.sub(ARGV[4], 3, 3) == '0'
  local fence = string.format('%.0f', math.max(tonumber(found[3] or 0) + 1, now))
  local fields = {'@fence', fence, '@next', string.format('%.0f', math.min(next_end, deadline))}
  for i = 4, fits and #names or 0 do
    local leased, room = string.match(found[i] or '', '^(%d+) (%d+)')
    if not room or amounts[i] > tonumber(room) then
      fits = false
      break
    end
    fields[#fields + 1] = names[i]
    fields[#fields + 1] = string.format('%.0f %.0f', leased + amounts[i], room - amounts[i])
  end
  if fits then
    local text = string.format('%s %.0f %s %.0f %s\n%s\n%s', fence, now, ARGV[4], now, ARGV[2], ARGV[5], ARGV[6])
    -- Asked again after a lost reply, it is there.
    if redis.call('HSETNX', KEYS[2], id, text) == 1 then
      redis.call('ZADD', KEYS[3], deadline, id)
      redis.call('HSET', KEYS[1], unpack(fields))
      return {1, fence, 0}
    end
  end
end

-- uses: reaping granting

local function asked_now()
  return {
    fence = '0', waits = true, rank = tonumber(string.sub(ARGV[4], 1, 1)), lasting = string.sub(ARGV[4], 3, 3) == '1',
    since = now, ttl = ARGV[2], weights = weights_of(ARGV[5]), rest = 5,
    text = string.format('0 0 %s %.0f %s\n%s\n%s', ARGV[4], now, ARGV[2], ARGV[5], ARGV[6]),
  }
end

local text = redis.call('HGET', KEYS[2], id)
local asked = text and record_of(text) or asked_now()
local weights = asked.weights
read_machine(weights)
local ended, gone = reap(now)
if ended[id] then
  text, asked = nil, asked_now()
  weights = asked.weights
end

-- Those who wait get what has become free; then all is written.
local function settle(walk)
  local granted = walk and grant_next(now)
  write_machine()
  return granted and granted[id]
end

-- Asked again after a lost reply, or after somebody's script granted it.
if not asked.waits then
  settle(gone)
  return {1, asked.fence, asked.granted - asked.since}
end

-- What all others that wait want is kept for them, so that none of them need be looked at.
local fits = is_open(now)
for i = 1, #weights, 2 do
  fits = fits and weights[i + 1] <= spoken_for(weights[i]).room + (text and weights[i + 1] or 0)
end
if fits then
  if text then
    unqueue(id, asked)
  end
  grant(id, asked, now)
  settle(gone)
  return {1, asked.fence, now - asked.since}
end

local closed, never = {}, {}
for i = 1, #weights, 2 do
  local known = resource(weights[i])
  if not is_open(now) or known.failure ~= '' then
    closed[#closed + 1] = weights[i]
  elseif weights[i + 1] > known.budget then
    never[#never + 1] = weights[i]
  end
end
if #never > 0 then
  if text then
    drop(id, asked)
  end
  settle(gone or text)
  return {-2, never}
end

local new = not text
if new then
  text = asked.text
  redis.call('HSET', KEYS[2], id, text)
  redis.call('ZADD', KEYS[4], now + ARGV[3], id)
  add(weights, asked.rank, 1)
end
ends_at(id, now + ARGV[2])
local granted = settle(gone or new)
if granted then
  return {1, granted.fence, now - asked.since}
end
if #closed > 0 or not is_open(now) then
  return {-1, closed}
end

local lacking, kept = {}, {}
for i = 1, #weights, 2 do
  local known, amount = resource(weights[i]), weights[i + 1]
  if amount > free(known) then
    lacking[#lacking + 1] = weights[i]
  elseif free(known) < wanted(known) then
    kept[#kept + 1] = weights[i]
  end
end
return {0, #lacking > 0 and lacking or kept}
