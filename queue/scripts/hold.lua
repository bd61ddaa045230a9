#!lua flags=allow-oom
-- hold.lua: keeps a message until it is released. ARGV: id, fact. Gives what `told` does.
local result = each_delivery(ARGV[1], function(ref, d)
  if d.state == 'active' then return wish(ref, 'hold') end
  leave(ref, d)
  enter_held(ref)
  return 'now'
end)
return told(result, ARGV[1], result[1] == 1, ARGV[2])
