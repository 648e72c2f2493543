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
write_machine()

local covered = {}
for _, text in ipairs(redis.call('HVALS', KEYS[2])) do
  local record = record_of(text)
  if not record.waits then
    covered[#covered + 1] = record.pid .. ' ' .. record.packed
  end
end
return {string.format('%.0f', at), table.concat(covered, '\n')}
