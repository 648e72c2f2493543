-- forget_state: drop an agent's state and history. Its last version is remembered for a while, so that one who read it can't write.
-- KEYS[1] state      hash: version, at (ms since epoch), nonce, content; of a forgotten one only its last version, for a while
-- KEYS[2] history    list: earlier versions, newest first
-- KEYS[3] agents     sorted set: agents that have a state, by when it was written (ms since epoch)
-- ARGV[1] agent      whose state it is
-- ARGV[2] keep_ms    how long its last version is remembered, in milliseconds
-- returns 1 forgotten | 0 absent

redis.call('DEL', KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
if redis.call('HDEL', KEYS[1], 'at', 'nonce', 'content') == 0 then
  return 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
