-- resources: what a machine has of each resource, and how much of it is spoken for; read once a call, written back once.
-- KEYS[1] machine  hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased; @fact -> number

local EMPTY = '-1 0 0 0 0 0 0 '
local resources, changed, leasing = {}, {}, {}
local facts, changed_facts = {}, {}

local function set_fact(name, number)
  facts[name], changed_facts['@' .. name] = number, number
end

-- A budget of -1 says that the machine has no such resource, or not any more.
local function unpacked(text, leased)
  local budget, outside, ending, lasting, first, second, third, failure =
    string.match(text or EMPTY, '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (.*)$')
  return {
    budget = tonumber(budget), outside = tonumber(outside), leased = tonumber(leased or 0), ending = tonumber(ending),
    lasting = tonumber(lasting), [0] = tonumber(first), [1] = tonumber(second), [2] = tonumber(third), failure = failure,
  }
end

local function resource(name)
  local known = resources[name]
  if not known then
    local found = redis.call('HMGET', KEYS[1], name, '=' .. name)
    known = unpacked(found[1], found[2])
    resources[name] = known
  end
  return known
end

-- To be called first: the machine's facts, and the resources of which it is known that they matter.
local function read_machine(weights)
  local names = {'@stale', '@looked', '@fence'}
  for i = 1, #weights, 2 do
    names[i + 3], names[i + 4] = weights[i], '=' .. weights[i]
  end
  local found = redis.call('HMGET', KEYS[1], unpack(names))
  facts.stale, facts.looked, facts.fence = tonumber(found[1] or 0), tonumber(found[2] or 0), tonumber(found[3] or 0)
  for i = 1, #weights, 2 do
    resources[weights[i]] = unpacked(found[i + 3], found[i + 4])
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
  local touched = field == 'leased' and leasing or changed
  for i = 1, #weights, 2 do
    local known = resource(weights[i])
    known[field] = known[field] + sign * weights[i + 1]
    touched[weights[i]] = known
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
  for name, known in pairs(leasing) do
    fields[#fields + 1], fields[#fields + 2] = '=' .. name, string.format('%.0f', known.leased)
    if known.budget < 0 then
      changed[name] = known
    end
  end
  for name, number in pairs(changed_facts) do
    fields[#fields + 1], fields[#fields + 2] = name, string.format('%.0f', number)
  end
  local gone = {}
  for name, known in pairs(changed) do
    local text = string.format('%.0f %.0f %.0f %.0f %.0f %.0f %.0f %s', known.budget, known.outside, known.ending,
      known.lasting, known[0], known[1], known[2], known.failure)
    fields[#fields + 1], fields[#fields + 2] = name, text
    if text == EMPTY and known.leased == 0 then
      gone[#gone + 1], gone[#gone + 2] = name, '=' .. name
    end
  end
  if #fields > 0 then
    redis.call('HSET', KEYS[1], unpack(fields))
  end
  if #gone > 0 then
    redis.call('HDEL', KEYS[1], unpack(gone))
  end
end
