-- redrive_letter: put a parked message back at the end of its queue, once, and wake a consumer.
-- KEYS[1] parked     sorted set: ids of the queue's parked messages by time of death
-- KEYS[2] letters    hash: id to bytes of the parked messages
-- KEYS[3] waiting    list: ids of the messages that wait for a consumer
-- KEYS[4] messages   hash: id to bytes of the messages that nobody has acknowledged
-- KEYS[5] doorbell   list on which idle consumers wait
-- ARGV[1] id         the message
-- ARGV[2] data       its bytes as they are to be queued
-- returns 1 queued | 0 gone

if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[2])
redis.call('RPUSH', KEYS[3], ARGV[1])
redis.call('RPUSH', KEYS[5], 1)
return 1
