-- common.lua: what all verbs share; put in front of each. Keys and states: queue/README.md.
-- A delivery is named by its reference "ID:INDEX". A lane is "HOME|NEXT_HOP": HOME is empty, or the only node that may
-- try it (local mailboxes).
local call = redis.call
local week = 7 * 24 * 3600 * 1000
local history_cap = 100000
local facts_cap = 1000

-- Queue time in milliseconds: the wall clock plus an offset that heals its backward steps (heartbeat.lua).
local function now()
  local t = call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000) + (tonumber(call('HGET', 'q:clock', 'offset')) or 0)
end

-- A connection that came later has raised the generation: what an older one sent late must not count any more.
local function require_generation(owner, worker, generation)
  if call('HGET', 'q:gen:' .. owner, worker) ~= generation then error({err = 'STALE generation'}) end
end

local function read(ref)
  local v = call('HMGET', 'q:d:' .. ref, 'state', 'lane', 'owner', 'fence', 'wish', 'attempts')
  if not v[1] then return nil end
  return {state = v[1], lane = v[2], owner = v[3], fence = v[4], wish = v[5] or '', attempts = tonumber(v[6]) or 0}
end

local function lanes_of(lane)
  return 'q:lanes:' .. string.match(lane, '^([^|]*)')
end

-- Gives a lane with ready work its turn, level with the one that is next.
local function offer(lane)
  local lanes = lanes_of(lane)
  local first = call('ZRANGE', lanes, 0, 0, 'WITHSCORES')
  call('ZADD', lanes, 'NX', first[2] or 0, lane)
end

local function leave(ref, d)
  if d.state == 'ready' then
    call('ZREM', 'q:lane:' .. d.lane, ref)
    call('HINCRBY', 'q:counts', 'ready', -1)
    if call('EXISTS', 'q:lane:' .. d.lane) == 0 then call('ZREM', lanes_of(d.lane), d.lane) end
  elseif d.state == 'active' then
    call('SREM', 'q:active:' .. d.owner, ref)
    if call('HINCRBY', 'q:flight', d.lane, -1) <= 0 then call('HDEL', 'q:flight', d.lane) end
    if call('EXISTS', 'q:lane:' .. d.lane) == 1 then offer(d.lane) end  -- it may have been at its cap
  elseif d.state == 'deferred' then
    call('ZREM', 'q:due', ref)
  elseif d.state == 'held' then
    call('SREM', 'q:held', ref)
  end
end

local function enter_ready(ref, lane, t)
  call('HSET', 'q:d:' .. ref, 'state', 'ready', 'owner', '')
  call('ZADD', 'q:lane:' .. lane, t, ref)
  call('HINCRBY', 'q:counts', 'ready', 1)
  offer(lane)
end

local function enter_active(ref, lane, owner, fence)
  -- It may have been taken for dead, and speak all the same: what it holds must be found by those who watch the owners.
  call('HSETNX', 'q:owners', owner, 0)
  call('HSET', 'q:d:' .. ref, 'state', 'active', 'owner', owner, 'fence', fence)
  call('SADD', 'q:active:' .. owner, ref)
  call('HINCRBY', 'q:flight', lane, 1)
end

-- Its body need not stay in memory: bulky.lua finds it.
local function will_wait(ref)
  local id = string.match(ref, '^(.*):%d+$')
  if call('EXISTS', 'q:b:' .. id) == 1 then call('SADD', 'q:bulky', id) end
end

local function enter_deferred(ref, due)
  will_wait(ref)
  call('HSET', 'q:d:' .. ref, 'state', 'deferred', 'owner', '', 'due', due)
  call('ZADD', 'q:due', due, ref)
end

local function enter_held(ref)
  will_wait(ref)
  call('HSET', 'q:d:' .. ref, 'state', 'held', 'owner', '', 'wish', '')
  call('SADD', 'q:held', ref)
end

local function tell(id, fact)
  local key = 'q:e:' .. id
  if call('RPUSH', key, fact) > facts_cap then call('LTRIM', key, -facts_cap, -1) end
end

-- Forgets the oldest of what is done: more than the cap, or older than a week.
local function trim_history(t, most, cap)
  for _ = 1, most do
    local oldest = call('ZRANGE', 'q:done', 0, 0, 'WITHSCORES')
    if not oldest[1] then return end
    if call('ZCARD', 'q:done') <= cap and tonumber(oldest[2]) > t - week then return end
    call('ZREM', 'q:done', oldest[1])
    call('DEL', 'q:m:' .. oldest[1], 'q:e:' .. oldest[1])
  end
end

-- Ends one delivery; the last one ends the message. Gives the spool file that nobody owns any more, or ''.
local function finish(id, ref, d, t)
  leave(ref, d)
  call('DEL', 'q:d:' .. ref)
  if call('HINCRBY', 'q:m:' .. id, 'open', -1) > 0 then return '' end
  local path = call('HGET', 'q:m:' .. id, 'path') or ''
  call('DEL', 'q:b:' .. id)
  call('ZREM', 'q:messages', id)
  call('HSET', 'q:m:' .. id, 'done', t)
  call('ZADD', 'q:done', t, id)
  trim_history(t, 3, history_cap)
  return path
end

-- A try is over and some recipients are still open: an operator's wish comes first. Gives finish's path.
local function obey(id, ref, d, t, otherwise)
  if d.wish == 'remove' then return finish(id, ref, d, t) end
  leave(ref, d)
  if d.wish == 'hold' then enter_held(ref)
  elseif d.wish == 'bounce' then enter_ready(ref, d.lane, t)
  elseif d.wish == 'retry' then
    call('HSET', 'q:d:' .. ref, 'wish', '')
    enter_ready(ref, d.lane, t)
  else otherwise() end
  return ''
end

-- An operator's verb: `f(ref, d)` says 'now', 'later' or nothing for each delivery of a message.
local function each_delivery(id, f)
  local n = tonumber(call('HGET', 'q:m:' .. id, 'n'))
  if not n or call('HEXISTS', 'q:m:' .. id, 'done') == 1 then return {0, 0, 0} end
  local result = {1, 0, 0}
  for k = 0, n - 1 do
    local ref = id .. ':' .. k
    local d = read(ref)
    if d then
      local what = f(ref, d)
      if what == 'now' then result[2] = result[2] + 1 elseif what == 'later' then result[3] = result[3] + 1 end
    end
  end
  return result
end

-- The answer of such a verb: {found, now, after the try, spool file or '', facts}. What it did is told once, if it did.
local function told(result, id, happened, fact)
  if happened then tell(id, fact) end
  result[4], result[5] = '', happened and {fact} or {}
  return result
end

local function wish(ref, what)
  -- A removal stands: its sender may have been told that it was not taken.
  if call('HGET', 'q:d:' .. ref, 'wish') ~= 'remove' then call('HSET', 'q:d:' .. ref, 'wish', what) end
  return 'later'
end

-- Stores a message from ARGV[i]: id, meta, 'r' or 's', body or path, how many of a lane may be in flight for it to be leased
-- (0: don't), idempotency key, digest of what came with it, n, n × (lane, recipients), m, m × fact. Gives '1' or '0' for each
-- delivery: was it leased?
local function add_message(i, owner, t)
  local id, kind, body, n = ARGV[i], ARGV[i + 2], ARGV[i + 3], tonumber(ARGV[i + 7])
  local cap, leased = tonumber(ARGV[i + 4]), {}
  local message = 'q:m:' .. id
  call('HSET', message, 'meta', ARGV[i + 1], 'created', t, 'open', n, 'n', n)
  if kind == 's' then call('HSET', message, 'path', body) else call('SET', 'q:b:' .. id, body) end
  if ARGV[i + 5] ~= '' then
    call('HSET', message, 'key', ARGV[i + 5])
    call('SET', 'q:k:' .. ARGV[i + 5], id .. ' ' .. ARGV[i + 6], 'PX', week)
  end
  local facts = i + 8 + 2 * n
  for k = facts + 1, facts + tonumber(ARGV[facts]) do call('RPUSH', 'q:e:' .. id, ARGV[k]) end
  call('ZADD', 'q:messages', 0, id)
  for k = 0, n - 1 do
    local ref, lane = id .. ':' .. k, ARGV[i + 8 + 2 * k]
    call('HSET', 'q:d:' .. ref, 'lane', lane, 'rcpt', ARGV[i + 9 + 2 * k], 'attempts', 0, 'fence', 1)
    -- A host that does not answer must not take the whole node's places in flight.
    local take = cap > 0 and (tonumber(call('HGET', 'q:flight', lane)) or 0) < cap
    if take then enter_active(ref, lane, owner, 1) else enter_ready(ref, lane, t) end
    leased[k + 1] = take and '1' or '0'
  end
  return table.concat(leased)
end

-- A message as listings show it: id, meta, created, done, n × {index, state, due, attempts, lane, recipients, error, wish}.
local function row(id)
  local m = call('HMGET', 'q:m:' .. id, 'meta', 'created', 'done', 'n')
  if not m[1] then return nil end
  local deliveries = {}
  if not m[3] then
    for k = 0, tonumber(m[4]) - 1 do
      local d = call('HMGET', 'q:d:' .. id .. ':' .. k, 'state', 'due', 'attempts', 'lane', 'rcpt', 'error', 'wish')
      if d[1] then
        deliveries[#deliveries + 1] = {k, d[1], d[2] or '', d[3] or '', d[4] or '', d[5] or '', d[6] or '', d[7] or ''}
      end
    end
  end
  return {id, m[1], m[2], m[3] or '', deliveries}
end
