#!lua flags=allow-oom
-- abandon.lua: takes back a commit whose answer was lost: the client was told to come again.
-- ARGV: id. Gives 1 when its spool file can go, 0 when that is for the end of another's try.
local id = ARGV[1]
local key = call('HGET', 'q:m:' .. id, 'key')
local result = each_delivery(id, function(ref, d)
  if d.state == 'active' and d.fence ~= '1' then return wish(ref, 'remove') end  -- another has claimed it
  finish(id, ref, d, 0)
  return 'now'
end)
if result[1] == 1 and result[3] == 0 then
  call('DEL', 'q:m:' .. id, 'q:e:' .. id)
  call('ZREM', 'q:done', id)
  if key then call('DEL', 'q:k:' .. key) end
end
return result[3] == 0 and 1 or 0
