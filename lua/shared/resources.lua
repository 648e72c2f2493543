-- resources: what a machine has of each resource, and how much of it is spoken for; read once a call, written back once.
-- KEYS[1] machine  hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number

local EMPTY, NO_ROOM = '-1 0 0 0 0 0 0 ', -2 ^ 53
local resources, changed, leasing = {}, {}, {}
local facts, changed_facts = {}, {}

local function set_fact(name, number)
  facts[name], changed_facts['@' .. name] = number, number
end

-- What seldom changes is read when it matters: with enough room, what is leased suffices. Room is what is free and nobody waits for.
local function remember(name, text)
  local leased, room = string.match(text or '', '^(%d+) (%S+)')
  local known = {leased = tonumber(leased or 0), room = tonumber(room or NO_ROOM)}
  resources[name] = known
  return known
end

local function spoken_for(name)
  return resources[name] or remember(name, redis.call('HGET', KEYS[1], '=' .. name))
end

-- A budget of -1 says that the machine has no such resource, or not any more.
local function resource(name)
  local known = spoken_for(name)
  if not known.budget then
    local budget, outside, ending, lasting, first, second, third, failure = string.match(
      redis.call('HGET', KEYS[1], name) or EMPTY, '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (.*)$')
    known.budget, known.outside, known.failure = tonumber(budget), tonumber(outside), failure
    known.ending, known.lasting = tonumber(ending), tonumber(lasting)
    known[0], known[1], known[2] = tonumber(first), tonumber(second), tonumber(third)
  end
  return known
end

-- To be called first: the machine's facts, and the resources of which it is known that they matter.
local function read_machine(weights)
  local names = {'@stale', '@looked', '@fence', '@next'}
  for i = 1, #weights, 2 do
    names[#names + 1] = '=' .. weights[i]
  end
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  facts.stale, facts.looked = tonumber(found[1] or 0), tonumber(found[2] or 0)
  facts.fence, facts.next = tonumber(found[3] or 0), tonumber(found[4] or 0)
  for i = 5, #names do
    remember(weights[2 * i - 9], found[i])
  end
end

-- 'ram 100 cpu 2' -> {'ram', 100, 'cpu', 2}
local function weights_of(text)
  local weights = {}
  for name, amount in string.gmatch(text, '(%S+) (%d+)') do
    weights[#weights + 1] = name
    weights[#weights + 1] = tonumber(amount)
  end
  return weights
end

local function add(weights, field, sign)
  for i = 1, #weights, 2 do
    local known = resource(weights[i])
    known[field] = known[field] + sign * weights[i + 1]
    if field ~= 'lasting' then
      known.room = known.room - sign * weights[i + 1]
    end
    changed[weights[i]] = known
  end
end

local function lease(weights, sign)
  for i = 1, #weights, 2 do
    local known = spoken_for(weights[i])
    known.leased, known.room = known.leased + sign * weights[i + 1], known.room - sign * weights[i + 1]
    leasing[weights[i]] = known
  end
end

local function free(known)
  return known.budget - known.outside - known.leased - known.ending
end

local function wanted(known)
  return known[0] + known[1] + known[2]
end

local function is_open(now)
  return now < facts.stale
end

local function is_nothing(known)
  return known.budget < 0 and known.ending + wanted(known) == 0
end

local function write_machine()
  local fields, gone = {}, {}
  for name, known in pairs(changed) do
    local text = string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %s', known.budget, known.outside, known.ending,
      known.lasting, known[0], known[1], known[2], known.failure)
    known.room = (known.budget < 0 or known.failure ~= '') and NO_ROOM or free(known) - wanted(known)
    fields[#fields + 1], fields[#fields + 2], leasing[name] = name, text, known
  end
  for name, known in pairs(leasing) do
    fields[#fields + 1], fields[#fields + 2] = '=' .. name, string.format('%.0f %.0f', known.leased, known.room)
    if known.leased == 0 and known.room < 0 and is_nothing(resource(name)) then
      gone[#gone + 1], gone[#gone + 2] = name, '=' .. name
    end
  end
  for name, number in pairs(changed_facts) do
    fields[#fields + 1], fields[#fields + 2] = name, string.format('%.0f', number)
  end
  if #fields > 0 then
    redis.call('HSET', KEYS[1], unpack(fields))
  end
  if #gone > 0 then
    redis.call('HDEL', KEYS[1], unpack(gone))
  end
end
