-- release_claim: give a claim back if it is still ours.
-- KEYS[1] claim      hash: holder, fence; expires with the claim
-- ARGV[1] holder     who gives it back
-- ARGV[2] fence      the fencing number it was taken under
-- returns 1 released | 0 expired | -1 held by another, or by us under another fencing number

local claim = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if not claim[1] then
  return 0
end
if claim[1] ~= ARGV[1] or claim[2] ~= ARGV[2] then
  return -1
end
redis.call('DEL', KEYS[1])
return 1
