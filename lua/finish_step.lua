-- finish_step: say that a step we still hold is done; the same said again, after a lost reply, changes nothing.
-- KEYS[1] step       hash: state (taken or done), holder, fence; expires with the claim, or with the memory of its end
-- ARGV[1] holder     who has done it
-- ARGV[2] fence      the fencing number it was taken under
-- ARGV[3] keep_ms    how long it is remembered as done, in milliseconds
-- returns 1 finished | 0 expired | -1 held or done by another, or by us under another fencing number

local step = redis.call('HMGET', KEYS[1], 'state', 'holder', 'fence')
if not step[1] then
  return 0
end
if step[2] ~= ARGV[1] or step[3] ~= ARGV[2] then
  return -1
end
if step[1] ~= 'done' then
  redis.call('HSET', KEYS[1], 'state', 'done')
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
return 1
