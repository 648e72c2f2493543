-- renew_claim: prolong a claim that is still ours; an expired one stays expired.
-- KEYS[1] claim      hash: holder, fence; expires with the claim
-- ARGV[1] holder     who renews it
-- ARGV[2] fence      the fencing number it was taken under
-- ARGV[3] ttl_ms     life of the claim from now on without renewal, in milliseconds
-- returns 1 renewed | 0 expired | -1 held by another, or by us under another fencing number

local claim = redis.call('HMGET', KEYS[1], 'holder', 'fence')
if not claim[1] then
  return 0
end
if claim[1] ~= ARGV[1] or claim[2] ~= ARGV[2] then
  return -1
end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
