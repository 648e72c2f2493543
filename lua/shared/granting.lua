-- granting: gives what is free to those who wait, in their order, however many they are: it looks at so many at most.
-- uses: records
-- KEYS[2] records  hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[4] waiting  zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[6] granted  channel: ids that were granted, with blanks between

-- The records of those that were granted, by id.
local function grant_next(now)
  local PAGE, LOOKED, KEEPING = 32, 128, 32
  local looked, keeping, kept, granted, records = 0, 0, {}, {}, {}
  if not is_open(now) or redis.call('ZCARD', KEYS[4]) == 0 then
    return records
  end

  local function fits(weights)
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
  local function pass_over(weights)
    looked = looked + 1
    if may_fit(weights) then
      keeping = keeping + 1
      for i = 1, #weights, 2 do
        kept[weights[i]] = (kept[weights[i]] or 0) + weights[i + 1]
      end
    end
  end

  local function grant_page(ids)
    local texts = redis.call('HMGET', KEYS[2], unpack(ids))
    for i, id in ipairs(ids) do
      if looked == LOOKED or keeping == KEEPING then
        return
      end
      local asked = texts[i] and record_of(texts[i])
      if not asked then
        redis.call('ZREM', KEYS[4], id)
      elseif fits(asked.weights) then
        unqueue(id, asked)
        grant(id, asked, now)
        granted[#granted + 1], records[id] = id, asked
      else
        pass_over(asked.weights)
      end
    end
  end

  repeat
    -- The next page begins behind those who still wait.
    local ids = redis.call('ZRANGE', KEYS[4], looked, looked + PAGE - 1)
    if #ids > 0 then
      grant_page(ids)
    end
  until #ids < PAGE or looked == LOOKED or keeping == KEEPING
  if #granted > 0 then
    -- Whoever may not publish on a channel grants all the same: those who wait ask again.
    redis.pcall('PUBLISH', KEYS[6], table.concat(granted, ' '))
  end
  return records
end
