#!lua flags=allow-oom
-- release.lua: ends a hold. ARGV: id, fact. Gives what `told` does.
local t = now()
local result = each_delivery(ARGV[1], function(ref, d)
  if d.wish == 'hold' then call('HSET', 'q:d:' .. ref, 'wish', '') return 'now' end
  if d.state ~= 'held' then return nil end
  leave(ref, d)
  enter_ready(ref, d.lane, t)
  return 'now'
end)
return told(result, ARGV[1], result[2] > 0, ARGV[2])
