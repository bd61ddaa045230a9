#!lua flags=allow-oom
-- release.lua: ends a hold. ARGV: id, event. Gives {found, now, after the try}.
local t = now()
local result = each_delivery(ARGV[1], function(ref, d)
  if d.wish == 'hold' then call('HSET', 'q:d:' .. ref, 'wish', '') return 'now' end
  if d.state ~= 'held' then return nil end
  leave(ref, d)
  enter_ready(ref, d.lane, t)
  return 'now'
end)
if result[2] > 0 then tell(ARGV[1], ARGV[2]) end
return result
