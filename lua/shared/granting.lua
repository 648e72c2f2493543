-- granting: gives what is free to those who wait, in their order, however many they are: it looks at so many at most.
-- uses: queue living
-- KEYS[4] waiting  zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked    hash: id -> request
-- KEYS[8] granted  channel: ids that were granted, with blanks between

local PAGE, LOOKED, KEEPING = 32, 128, 32

local function fits(weights, kept)
  for i = 1, #weights, 2 do
    local known = resource(weights[i])
    if known.failure ~= '' or weights[i + 1] > free(known) - (kept[weights[i]] or 0) then
      return false
    end
  end
  return true
end

-- Whether it would fit if all that is held for a while were given back.
local function may_fit(weights)
  for i = 1, #weights, 2 do
    local known = resource(weights[i])
    if known.failure ~= '' or weights[i + 1] > known.budget - known.outside - known.lasting then
      return false
    end
  end
  return true
end

-- One that does not fit keeps what it wants from those behind it, unless that would be in vain.
local function keep(weights, kept)
  if not may_fit(weights) then
    return 0
  end
  for i = 1, #weights, 2 do
    kept[weights[i]] = (kept[weights[i]] or 0) + weights[i + 1]
  end
  return 1
end

local function grant_page(now, start, seen)
  local ids = redis.call('ZRANGE', KEYS[4], start, start + PAGE - 1)
  local records = #ids > 0 and redis.call('HMGET', KEYS[5], unpack(ids)) or {}
  for i, id in ipairs(ids) do
    if seen.looked == LOOKED or seen.keeping == KEEPING then
      return false
    end
    local asked = request_of(records[i])
    if fits(asked.weights, seen.kept) then
      leave(id, asked)
      grant(id, asked, now)
      seen.granted[#seen.granted + 1] = id
    else
      seen.looked = seen.looked + 1
      seen.keeping = seen.keeping + keep(asked.weights, seen.kept)
    end
  end
  return #ids == PAGE
end

local function grant_next(now)
  local seen = {looked = 0, keeping = 0, kept = {}, granted = {}}
  while is_open(now) and grant_page(now, seen.looked, seen) do
    -- The next page begins behind those who still wait.
  end
  if #seen.granted > 0 then
    -- Whoever may not publish on a channel grants all the same: those who wait ask again.
    redis.pcall('PUBLISH', KEYS[8], table.concat(seen.granted, ' '))
  end
end
