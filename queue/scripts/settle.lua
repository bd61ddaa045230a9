#!lua flags=allow-oom
-- settle.lua: a try is over: ends recipients, puts the others off, and stores the report of it, all or nothing.
-- ARGV: owner, id, index, fence, 'done' | 'defer' | 'later' (no attempt) | 'back' | 'hold', wait, open recipients, error, warned, facts,
-- each fact; then maybe a message as add_message takes it.
-- Gives {'ok', spool file to remove or '', the report's leases, 1 when more of its lane is ready}, {'again', '', the report's leases}
-- when this lease was settled already, {'lost', '', the report's leases}, {'exists'} (the report's id).
local owner, id, index, fence, mode = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ref = id .. ':' .. index
local d = read(ref)
local lease = owner .. ' ' .. fence
local report = 11 + tonumber(ARGV[10])

-- What this settle leased to us of its report when its answer was lost: nobody else can know of it.
local function leases_of_report()
  local leased = {}
  for k = 0, (tonumber(call('HGET', 'q:m:' .. (ARGV[report] or ''), 'n')) or 0) - 1 do
    local r = read(ARGV[report] .. ':' .. k)
    leased[k + 1] = r and r.state == 'active' and r.owner == owner and r.fence == '1' and '1' or '0'
  end
  return table.concat(leased)
end

if not d or d.state ~= 'active' or d.owner ~= owner or d.fence ~= fence then
  if call('HGET', 'q:m:' .. id, 's:' .. index) == lease then
    return {'again', '', call('HGET', 'q:m:' .. id, 'r:' .. index) or ''}
  end
  return {'lost', '', leases_of_report()}
end
if ARGV[report] and call('EXISTS', 'q:m:' .. ARGV[report]) == 1 then return {'exists'} end

local t = now()
call('HSET', 'q:m:' .. id, 's:' .. index, lease)
for i = 11, report - 1 do tell(id, ARGV[i]) end
local leased = ARGV[report] and add_message(report, owner, t) or ''
if leased ~= '' then call('HSET', 'q:m:' .. id, 'r:' .. index, leased) end
if mode == 'done' then
  local file = finish(id, ref, d, t)
  return {'ok', file, leased, call('EXISTS', 'q:lane:' .. d.lane)}
end

call('HSET', 'q:d:' .. ref, 'rcpt', ARGV[7], 'error', ARGV[8])
if ARGV[9] == '1' then call('HSET', 'q:d:' .. ref, 'warned', 1) end
if mode == 'defer' then call('HINCRBY', 'q:d:' .. ref, 'attempts', 1) end
if mode == 'hold' and d.wish == 'bounce' then d.wish = '' end  -- what cannot be tried would come back at once
local file = obey(id, ref, d, t, function()
  if mode == 'defer' or mode == 'later' then enter_deferred(ref, t + tonumber(ARGV[6]))
  elseif mode == 'hold' then enter_held(ref)
  else enter_ready(ref, d.lane, t) end
end)
return {'ok', file, leased, call('EXISTS', 'q:lane:' .. d.lane)}
