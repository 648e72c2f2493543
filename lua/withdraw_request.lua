-- withdraw_request: stop waiting; what was granted meanwhile is given back, and what now fits is granted.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id  the request, or the lease it became
-- returns 1 withdrawn | 2 released | 0 unknown

local id, now = ARGV[1], microseconds()
local record = read_record(id)
read_machine(record and record.weights or {})
local ended, gone = reap(now)
local there = record and not ended[id]
if there then
  drop(id, record)
end
if there or gone then
  grant_next(now)
end
write_machine()
if not there then
  return 0
end
if record.waits then
  return 1
end
return 2
