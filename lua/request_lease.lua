-- request_lease: grant a weighted claim on several resources at once, or queue it by priority and age.
-- uses: clock reaping granting
-- KEYS[1] machine   hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs
-- KEYS[8] granted   channel: ids that were granted, with blanks between
-- ARGV[1] id        names the request and then the lease
-- ARGV[2] ttl       life of the lease without renewal, and of the place without asking again, in µs
-- ARGV[3] rank      its class: 0 interactive, 1 agent, 2 batch
-- ARGV[4] penalty   how far its class is put back in the queue, in µs
-- ARGV[5] lasting   1 if it is held between pieces of work
-- ARGV[6] pid       the holder's process, 0 for none
-- ARGV[7] weights   'ram 100 cpu 2'
-- ARGV[8] details   one line for people
-- returns {1, fence, waited} granted | {0, 0, 0, lacking} waiting | {-1, 0, 0, lacking} closed | {-2, 0, 0, lacking} impossible

local id, now = ARGV[1], microseconds()
local gone = reap(now)

local function is_held()
  local record = redis.call('HGET', KEYS[2], id)
  return record and lease_of(record)
end

local function settle(walk)
  if walk then
    grant_next(now)
  end
  local lease = is_held()
  write_resources()
  return lease
end

-- Asked again after a lost reply, or after somebody's script granted it.
local held = is_held()
if held then
  settle(gone)
  return {1, held.fence, held.granted - held.since}
end

local place = redis.call('HGET', KEYS[5], id)
local asked = request_of(place or string.format('%s %s %s %.0f %s\n%s\n%s',
  ARGV[3], ARGV[5], ARGV[6], now, ARGV[2], ARGV[7], ARGV[8]))

local function names(lacks)
  local found = {}
  for i = 1, #asked.weights, 2 do
    if lacks(resource(asked.weights[i]), asked.weights[i + 1]) then
      found[#found + 1] = asked.weights[i]
    end
  end
  return found
end

-- What all others that wait want is kept for them, so that nobody need be looked at.
local function contested(known, amount)
  local others = wanted(known) - (place and amount or 0)
  return amount > free(known) - others
end

local closed = names(function(known) return not is_open(now) or known.failure ~= '' end)
local opaque = not is_open(now) or #closed > 0
local never = is_open(now) and names(function(known, amount) return known.failure == '' and amount > known.budget end) or {}
if #never > 0 then
  if place then
    leave(id, asked)
  end
  settle(gone or place)
  return {-2, 0, 0, never}
end

if not opaque and #names(contested) == 0 then
  if place then
    leave(id, asked)
  end
  local fence = grant(id, asked, now)
  settle(gone)
  return {1, string.format('%.0f', fence), now - asked.since}
end

local new = not place
if new then
  join(id, asked, now + ARGV[4])
  place = asked.record
end
redis.call('ZADD', KEYS[6], now + ARGV[2], id)
local lease = settle(gone or new)
if lease then
  return {1, lease.fence, lease.granted - lease.since}
end
if opaque then
  return {-1, 0, 0, closed}
end
local lacking = names(function(known, amount) return amount > free(known) end)
return {0, 0, 0, #lacking > 0 and lacking or names(contested)}
