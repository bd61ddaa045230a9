#!lua flags=allow-oom
-- reclaim.lua: makes ready what a dead owner held. What it was doing is not known: the timeline says so.
-- ARGV: dead owner, most, fact. Gives {how many, spool files to remove, ids × facts}; when there are none left, the owner is forgotten.
local owner = ARGV[1]
local t = now()
local moved, files, told = 0, {}, {}

-- The fact, with the delivery and the try as encode_fact would write them.
local function fact_of(ref, d)
  local index = string.match(ref, ':(%d+)$')
  return string.format('{%s"n":%d,%s', index ~= '0' and '"d":' .. index .. ',' or '', d.attempts + 1, string.sub(ARGV[3], 2))
end

for _, ref in ipairs(call('SRANDMEMBER', 'q:active:' .. owner, tonumber(ARGV[2]))) do
  local d = read(ref)
  moved = moved + 1
  if d and d.state == 'active' and d.owner == owner then
    local id = string.match(ref, '^(.*):%d+$')
    local fact = fact_of(ref, d)
    tell(id, fact)
    told[#told + 1], told[#told + 2] = id, fact
    local file = obey(id, ref, d, t, function() enter_ready(ref, d.lane, t) end)
    if file ~= '' then files[#files + 1] = file end
  else
    call('SREM', 'q:active:' .. owner, ref)
  end
end
if moved == 0 then
  call('HDEL', 'q:owners', owner)
  call('DEL', 'q:claimed:' .. owner)
  call('PEXPIRE', 'q:gen:' .. owner, week)  -- it may only have been stopped: its heartbeat keeps it
end
return {moved, files, told}
