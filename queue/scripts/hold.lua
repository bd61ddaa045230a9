#!lua flags=allow-oom
-- hold.lua: keeps a message until it is released. ARGV: id, event. Gives {found, now, after the try}.
local result = each_delivery(ARGV[1], function(ref, d)
  if d.state == 'active' then return wish(ref, 'hold') end
  leave(ref, d)
  enter_held(ref)
  return 'now'
end)
if result[1] == 1 then tell(ARGV[1], ARGV[2]) end
return result
