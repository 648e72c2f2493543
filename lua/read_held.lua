-- read_held: what living leases cover by process, to be asked just before measuring.
-- uses: clock reaping granting
-- KEYS[1] machine   hash: resource -> budget outside leased ending lasting wanted-by-class(3) failure; @fact -> number
-- KEYS[2] leases    hash: id -> lease
-- KEYS[3] expiry    zset: id by the time at which its lease expires, µs
-- KEYS[4] waiting   zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] asked     hash: id -> request
-- KEYS[6] patience  zset: id by the time at which it loses its place unless it asks again, µs
-- KEYS[7] ending    zset: 'fence weights' of expired leases by the time at which that was found, µs
-- KEYS[8] granted   channel: ids that were granted, with blanks between
-- returns the server's time in µs, and the lines 'pid weights'

local now = microseconds()
local at = next_look(now)
if reap(now) then
  grant_next(now)
end
set_fact('looked', at)
write_resources()

local covered = {}
for _, record in ipairs(redis.call('HVALS', KEYS[2])) do
  local lease = lease_of(record)
  covered[#covered + 1] = lease.pid .. ' ' .. lease.weights
end
return {string.format('%.0f', at), table.concat(covered, '\n')}
