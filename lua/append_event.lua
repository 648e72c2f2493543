-- append_event: add an event to a bounded, expiring stream; an append repeated after a lost reply adds nothing.
-- KEYS[1] events          stream: kind, at, data, nonce
-- ARGV[1] kind            what the event reports
-- ARGV[2] at              when it happened, seconds since epoch
-- ARGV[3] data            JSON
-- ARGV[4] nonce           names this append; the same again means the same append
-- ARGV[5] max_length      about how many events the stream keeps
-- ARGV[6] expiry_seconds  life of the stream after its last event
-- returns the sequence of the event

local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
  local fields = newest[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'nonce' and fields[i + 1] == ARGV[4] then
      return newest[1]
    end
  end
end

local sequence = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], '*',
  'kind', ARGV[1], 'at', ARGV[2], 'data', ARGV[3], 'nonce', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[6])
return sequence
