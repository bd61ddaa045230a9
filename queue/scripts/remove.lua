#!lua flags=allow-oom
-- remove.lua: drops a message without telling its sender. ARGV: id, event. Gives {found, now, after the try, spool file or ''}.
local t = now()
local id, path = ARGV[1], ''
local result = each_delivery(id, function(ref, d)
  if d.state == 'active' then return wish(ref, 'remove') end
  path = finish(id, ref, d, t)
  return 'now'
end)
if result[1] == 1 then tell(id, ARGV[2]) end
result[4] = path
return result
