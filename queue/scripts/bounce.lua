#!lua flags=allow-oom
-- bounce.lua: makes a message ready to be returned: who claims it settles it as bounced, with the report.
-- ARGV: id, fact. Gives what `told` does.
local t = now()
local result = each_delivery(ARGV[1], function(ref, d)
  wish(ref, 'bounce')
  if d.state == 'active' then return 'later' end
  leave(ref, d)
  enter_ready(ref, d.lane, t)
  return 'now'
end)
return told(result, ARGV[1], result[1] == 1, ARGV[2])
