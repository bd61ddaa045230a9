#!lua flags=allow-oom
-- claim.lua: leases what is due, one delivery a lane in turn, so that no next hop waits for another's backlog.
-- ARGV: owner, node, most, cap in flight of a lane, bytes of bodies after which to stop, worker, generation, this claim's number, that
-- of the worker's last claim whose answer has come.
local owner, most, cap, budget, worker = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local number, answered = ARGV[8], tonumber(ARGV[9])
require_generation(owner, worker, ARGV[7])
local t = now()
local result, taken = {}, {}

-- What was leased to nobody's knowledge goes back first: nothing else would end these leases while this node lives.
local claimed = call('HGET', 'q:claimed:' .. owner, worker) or '0'
if tonumber(string.match(claimed, '^%d+')) > answered then
  for ref, fence in string.gmatch(claimed, '(%S+)=(%d+)') do
    local d = read(ref)
    if d and d.state == 'active' and d.owner == owner and d.fence == fence then
      obey(string.match(ref, '^(.*):%d+$'), ref, d, t, function() enter_ready(ref, d.lane, t) end)
    end
  end
end

for _, ref in ipairs(call('ZRANGEBYSCORE', 'q:due', '-inf', t, 'LIMIT', 0, 200)) do
  local d = read(ref)
  if d then
    leave(ref, d)
    enter_ready(ref, d.lane, t)
  else
    call('ZREM', 'q:due', ref)
  end
end

local function lease(ref, lane)
  local v = call('HMGET', 'q:d:' .. ref, 'state', 'fence', 'attempts', 'rcpt', 'error', 'warned', 'wish')
  call('ZREM', 'q:lane:' .. lane, ref)
  call('HINCRBY', 'q:counts', 'ready', -1)
  if not v[1] then return end
  local id, index = string.match(ref, '^(.*):(%d+)$')
  local fence = tonumber(v[2]) + 1
  enter_active(ref, lane, owner, fence)
  taken[#taken + 1] = ref .. '=' .. fence
  local m = call('HMGET', 'q:m:' .. id, 'meta', 'created', 'path')
  local body = m[3] or call('GET', 'q:b:' .. id) or ''
  if not m[3] then budget = budget - #body end
  result[#result + 1] = {id, index, fence, v[3], m[2], m[1], v[4], lane, v[5] or '', v[6] or '', v[7] or '',
                         m[3] and 's' or 'r', body}
end

-- One turn of one lane; false when none of `home` has work that may go.
local function serve(home)
  local lanes = 'q:lanes:' .. home
  while true do
    local lane = call('ZRANGE', lanes, 0, 0)[1]
    if not lane then return false end
    local ref = call('ZRANGE', 'q:lane:' .. lane, 0, 0)[1]
    if not ref or (tonumber(call('HGET', 'q:flight', lane)) or 0) >= cap then
      call('ZREM', lanes, lane)  -- comes back when one of its leases ends (leave)
    else
      local last = call('ZRANGE', lanes, -1, -1, 'WITHSCORES')[2]
      lease(ref, lane)
      if call('EXISTS', 'q:lane:' .. lane) == 1 then call('ZADD', lanes, last + 1, lane)
      else call('ZREM', lanes, lane) end
      return true
    end
  end
end

local here, anywhere = true, true
while (here or anywhere) and #result < most and budget > 0 do
  here = here and serve(ARGV[2])
  if #result < most and budget > 0 then anywhere = anywhere and serve('') end
end
if #taken > 0 then call('HSET', 'q:claimed:' .. owner, worker, number .. ' ' .. table.concat(taken, ' ')) end
return {t, result}
