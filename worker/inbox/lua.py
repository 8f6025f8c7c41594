"""The inbox's steps, each one atomic Lua call on the Redis server.

Time is the server's own (`TIME`), so that the clocks of receivers and workers never matter.
Keys of subjects are made from the subject's name inside the scripts: one call touches several
subjects, and the queue. That rules Redis Cluster out, as RQ does.

What the keys hold: docs/reliability.md, and `worker.inbox.keys`.
"""

from __future__ import annotations

from worker.inbox.keys import AWAKE, DUE, EFFECTS, INBOX, LEASE, TRIES

__all__ = ["ACCEPT", "CLAIM", "DROP", "FINISH", "HOLD", "PUSH", "RENEW", "SWEEP", "TURN"]

_COMMON = f"""
local DUE, AWAKE, TRIES = '{DUE}', '{AWAKE}', '{TRIES}'
local function inbox(subject) return '{INBOX}' .. subject end
local function lease(subject) return '{LEASE}' .. subject end
local function effects(subject) return '{EFFECTS}' .. subject end
local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) + tonumber(time[2]) / 1000000
end
"""

# The arguments of a wake: first, once a call, what all its jobs share (`Wakes.shared`): the
# queue's key, the key of the set of queues, the job keys' prefix and the hash's parts as one
# MessagePack array; then, for each job (`Wakes.job`), its id, data and description. `at` is the
# index of the first argument. What is written is what RQ's own `Queue.enqueue` writes.
_WAKE = """
local QUEUE, QUEUES, JOB, shared, after
local function read_shared(at)
  QUEUE, QUEUES, JOB = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  shared, after = cmsgpack.unpack(ARGV[at + 3]), at + 4
end
local function wake(at)
  redis.call('HSET', JOB .. ARGV[at], 'data', ARGV[at + 1], 'description', ARGV[at + 2],
    unpack(shared))
  redis.call('SADD', QUEUES, QUEUE)
  redis.call('RPUSH', QUEUE, ARGV[at])
end
"""

ACCEPT = (
    _COMMON
    + _WAKE
    + """
-- KEYS seen ARGV seen_seconds delay hide shared... (subject field once notice id data descr)...
local seen_seconds, delay, hide = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local times, time = redis.call('INCR', KEYS[1]), now()
if times == 1 then redis.call('EXPIRE', KEYS[1], seen_seconds) end
read_shared(4)
for i = after, #ARGV, 7 do
  local subject, field, once = ARGV[i], ARGV[i + 1], ARGV[i + 2] == '1'
  if times == 1 or not once then
    -- Under a name of its own: a claim that holds the first one must not forget this one.
    if times > 1 then field = field .. '~' .. times end
    redis.call('HSET', inbox(subject), field, ARGV[i + 3])
    if redis.call('EXISTS', lease(subject)) == 1 then
      -- The holder's end, or its lease's, asks for the next look.
      redis.call('ZADD', DUE, 'NX', time + hide, subject)
    elseif delay > 0 then
      if redis.call('SISMEMBER', AWAKE, subject) == 0 then
        redis.call('ZADD', DUE, 'LT', time + delay, subject)
      end
    else
      -- The sweeper looks after a while whether the wake was lost.
      redis.call('ZADD', DUE, 'LT', time + hide, subject)
      if redis.call('SADD', AWAKE, subject) == 1 then wake(i + 4) end
    end
  end
end
return times
"""
)

CLAIM = (
    _COMMON
    + """
-- ARGV subject token lease_ms -> {tries, {field, notice, ...}} or nothing
local subject = ARGV[1]
redis.call('SREM', AWAKE, subject)
local holder = redis.call('GET', lease(subject))
if holder and holder ~= ARGV[2] then return false end
local notices = redis.call('HGETALL', inbox(subject))
if #notices == 0 then
  redis.call('ZREM', DUE, subject)
  redis.call('HDEL', TRIES, subject)
  return false
end
-- The same token again: the client has repeated a call whose answer was lost on the way.
local tries = redis.call('HINCRBY', TRIES, subject, holder and 0 or 1)
redis.call('SET', lease(subject), ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', DUE, now() + ARGV[3] / 1000, subject)
return {tries, notices}
"""
)

RENEW = (
    _COMMON
    + """
-- ARGV subject token lease_ms -> 1, or 0 where the lease is another's or has ended
local subject = ARGV[1]
if redis.call('GET', lease(subject)) ~= ARGV[2] then return 0 end
redis.call('PEXPIRE', lease(subject), ARGV[3])
redis.call('ZADD', DUE, now() + ARGV[3] / 1000, subject)
return 1
"""
)

FINISH = (
    _COMMON
    + _WAKE
    + """
-- ARGV subject token delay hide shared... id data description field...
-- -> 1, or 0 where the lease is another's or has ended
-- The fields are those that the claim has seen: forgotten where `delay` is "done", otherwise
-- kept for another look after as many seconds. A field that it has not seen is due at once.
local subject, delay, hide = ARGV[1], ARGV[3], tonumber(ARGV[4])
if redis.call('GET', lease(subject)) ~= ARGV[2] then return 0 end
redis.call('DEL', lease(subject))
redis.call('HDEL', TRIES, subject)
read_shared(5)
local seen = #ARGV - after - 2
if delay == 'done' then
  for i = after + 3, #ARGV do redis.call('HDEL', inbox(subject), ARGV[i]) end
  seen = 0
end
local kept = redis.call('HLEN', inbox(subject))
if kept == 0 then
  redis.call('ZREM', DUE, subject)
elseif kept == seen then
  redis.call('ZADD', DUE, now() + delay, subject)
else
  redis.call('ZADD', DUE, now() + hide, subject)
  if redis.call('SADD', AWAKE, subject) == 1 then wake(after) end
end
return 1
"""
)

SWEEP = (
    _COMMON
    + """
-- KEYS queue ARGV hide limit -> the subjects to wake
-- Whoever is awake has a wake in the queue, unless it was lost. While the queue holds at least
-- as many jobs as subjects are awake, none was: pushing more would only swell a long queue.
local time, found = now(), {}
local lost = redis.call('LLEN', KEYS[1]) < redis.call('SCARD', AWAKE)
local overdue = redis.call('ZRANGEBYSCORE', DUE, '-inf', time, 'LIMIT', 0, ARGV[2])
for _, subject in ipairs(overdue) do
  if redis.call('EXISTS', inbox(subject)) == 0 then
    redis.call('ZREM', DUE, subject)
  else
    redis.call('ZADD', DUE, time + ARGV[1], subject)
    if redis.call('SADD', AWAKE, subject) == 1 or lost then found[#found + 1] = subject end
  end
end
return found
"""
)

PUSH = (
    _WAKE
    + """
-- ARGV shared... (id data description)...
read_shared(1)
for i = after, #ARGV, 3 do wake(i) end
"""
)

HOLD = """
-- KEYS hold ARGV milliseconds: a shorter wait never ends a longer one
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
end
"""

DROP = (
    _COMMON
    + """
-- ARGV subject...
for _, subject in ipairs(ARGV) do
  redis.call('DEL', inbox(subject), lease(subject), effects(subject))
  redis.call('ZREM', DUE, subject)
  redis.call('SREM', AWAKE, subject)
  redis.call('HDEL', TRIES, subject)
end
"""
)

TURN = """
-- KEYS hold pace ARGV gap longest -> milliseconds that the installation is held, and until the
-- caller's turn (-1: too long, none was given)
local held = redis.call('PTTL', KEYS[1])
if held > 0 then return {held, 0} end
local gap = tonumber(ARGV[1])
if gap == 0 then return {0, 0} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turn = math.max(now, tonumber(redis.call('GET', KEYS[2]) or 0))
if turn - now > tonumber(ARGV[2]) then return {0, -1} end
redis.call('SET', KEYS[2], string.format('%d', turn + gap), 'PX', turn - now + gap)
return {0, turn - now}
"""
