#!lua flags=allow-oom
-- retry.lua: makes what is deferred ready now; what is held stays. ARGV: id, fact. Gives what `told` does.
local t = now()
local result = each_delivery(ARGV[1], function(ref, d)
  if d.state == 'active' then return wish(ref, 'retry') end
  if d.state == 'ready' then return 'now' end
  if d.state ~= 'deferred' then return nil end
  leave(ref, d)
  enter_ready(ref, d.lane, t)
  return 'now'
end)
return told(result, ARGV[1], result[2] + result[3] > 0, ARGV[2])
