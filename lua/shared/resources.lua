-- resources: what a machine has of each resource, and how much of it is spoken for; read once a call, written back once.
-- KEYS[1] machine  hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number

local EMPTY = '-1 0 0 0 0 0 0 0 '
local resources, changed = {}, {}
local facts, changed_facts = {}, {}

local function set_fact(name, number)
  facts[name], changed_facts['@' .. name] = number, number
end

-- A budget of -1 says that the machine has no such resource, or not any more.
local function unpacked(text)
  local budget, outside, leased, ending, lasting, first, second, third, failure =
    string.match(text, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
  return {
    budget = tonumber(budget), outside = tonumber(outside), leased = tonumber(leased), ending = tonumber(ending),
    lasting = tonumber(lasting), [0] = tonumber(first), [1] = tonumber(second), [2] = tonumber(third), failure = failure,
  }
end

local function resource(name)
  local known = resources[name]
  if not known then
    known = unpacked(redis.call('HGET', KEYS[1], name) or EMPTY)
    resources[name] = known
  end
  return known
end

-- To be called first: the machine's facts, and the resources of which it is known that they matter.
local function read_machine(weights)
  local names = {}
  for i = 1, #weights, 2 do
    names[#names + 1] = weights[i]
  end
  local found = redis.call('HMGET', KEYS[1], '@stale', '@looked', '@fence', unpack(names))
  facts.stale, facts.looked, facts.fence = tonumber(found[1] or 0), tonumber(found[2] or 0), tonumber(found[3] or 0)
  for i = 1, #names do
    resources[names[i]] = unpacked(found[i + 3] or EMPTY)
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
    changed[weights[i]] = known
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

local function write_machine()
  local fields = {}
  for name, known in pairs(changed) do
    local text = string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f %s', known.budget, known.outside,
      known.leased, known.ending, known.lasting, known[0], known[1], known[2], known.failure)
    if text == EMPTY then
      redis.call('HDEL', KEYS[1], name)
    else
      fields[#fields + 1] = name
      fields[#fields + 1] = text
    end
  end
  for name, number in pairs(changed_facts) do
    fields[#fields + 1] = name
    fields[#fields + 1] = string.format('%.0f', number)
  end
  if #fields > 0 then
    redis.call('HSET', KEYS[1], unpack(fields))
  end
end
