-- renew_lease: prolong a living lease, and tell whether it is asked back, or others wait for what it holds.
-- uses: clock reaping granting
-- KEYS[1] machine    hash: resource -> budget outside ending lasting wanted-by-class(3) failure; =resource -> leased room; @fact -> number
-- KEYS[2] records    hash: id -> 'fence granted rank lasting pid since ttl', its weights, and a line for people; fence 0: it waits
-- KEYS[3] deadlines  zset: id by when its lease expires, or when it loses its place unless it asks again, µs
-- KEYS[4] waiting    zset: id by its place: the time of asking in µs, later by what its class is put back
-- KEYS[5] ending     zset: 'fence weights' of expired leases by when that was found, µs
-- KEYS[6] granted    channel: ids that were granted, with blanks between
-- ARGV[1] id     the lease
-- ARGV[2] fence  its fencing number
-- ARGV[3] ttl    its life from now on, in µs
-- returns 1 renewed | 2 yield | 3 recalled | 0 expired

local id, now = ARGV[1], microseconds()
local ours = read_record(id)
read_machine(ours and ours.weights or {})
local ended, gone = reap(now)
if gone then
  grant_next(now)
end
ours = ours and not ended[id] and ours.fence == ARGV[2] and ours
if ours then
  ends_at(id, now + ARGV[3])
end
write_machine()
if not ours then
  return 0
end
if ours.asked_back then
  return 3
end

-- Where there is room, nobody waits for want of it. What is held between pieces of work makes way for any class.
local function is_wanted_by_better(known)
  local better = 0
  for rank = 0, ours.lasting and 2 or ours.rank - 1 do
    better = better + known[rank]
  end
  return better > 0 and known.failure == '' and better > free(known)
end

for i = 1, is_open(now) and #ours.weights or 0, 2 do
  if spoken_for(ours.weights[i]).room < 0 and is_wanted_by_better(resource(ours.weights[i])) then
    return 2
  end
end
return 1
