-- publish_capacity: say what a machine has, forget what has ended before that was measured, and grant what now fits.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- KEYS[7] machines   zset: machine by the time at which it last published, µs
-- ARGV[1] machine   its name
-- ARGV[2] measured  the time that read_held gave, µs
-- ARGV[3] stale     how long it counts, in µs
-- ARGV[4] capacity  lines 'resource budget outside failure'
-- returns 1 published | 0 older

local now, measured = microseconds(), tonumber(ARGV[2])
read_machine({})
reap(now)
if measured < tonumber(redis.call('HGET', KEYS[1], '@measured') or 0) then
  grant_next(now)
  write_machine()
  return 0
end

for _, ended in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', measured)) do
  add(weights_of(string.match(ended, ' (.*)')), 'ending', -1)
end
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', measured)

for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not string.find(name, '^[@=]') then
    local known = resource(name)
    known.budget, known.outside, known.failure, changed[name] = -1, 0, '', known
  end
end
for name, budget, outside, failure in string.gmatch(ARGV[4], '(%S+) (%d+) (%d+) (%S*)\n') do
  local known = resource(name)
  known.budget, known.outside, known.failure, changed[name] = tonumber(budget), tonumber(outside), failure, known
end
set_fact('measured', measured)
-- A clock that was set back makes nothing count longer.
set_fact('stale', math.min(measured, now) + ARGV[3])
redis.call('ZADD', KEYS[7], now, ARGV[1])
grant_next(now)
write_machine()
return 1
