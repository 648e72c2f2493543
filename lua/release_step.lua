-- release_step: give a step back undone, if it is still ours and was not finished.
-- KEYS[1] step       hash: state (taken or done), holder, fence; expires with the claim, or with the memory of its end
-- ARGV[1] holder     who gives it back
-- ARGV[2] fence      the fencing number it was taken under
-- returns 1 released | 0 expired | -1 held by another, or by us under another fencing number | 2 done before

local step = redis.call('HMGET', KEYS[1], 'state', 'holder', 'fence')
if not step[1] then
  return 0
end
if step[1] == 'done' then
  return 2
end
if step[2] ~= ARGV[1] or step[3] ~= ARGV[2] then
  return -1
end
redis.call('DEL', KEYS[1])
return 1
