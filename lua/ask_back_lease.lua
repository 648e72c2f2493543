-- ask_back_lease: have one lasting lease given back as soon as nobody uses what it covers; its holder hears of it when it renews.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id  the lease
-- returns 1 asked | 0 unknown

local id, now = ARGV[1], microseconds()
local record = read_record(id)
read_machine(record and record.weights or {})
local ended, gone = reap(now)
if gone then
  grant_next(now)
end
write_machine()
if not record or record.waits or not record.lasting or ended[id] then
  return 0
end
redis.call('HSET', KEYS[2], id, asked_back(record))
return 1
