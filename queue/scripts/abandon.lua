#!lua flags=allow-oom
-- abandon.lua: takes back a commit whose answer was lost: the client was told to come again.
-- ARGV: id. Gives the spool file to remove, or ''.
local id = ARGV[1]
local key = call('HGET', 'q:m:' .. id, 'key')
local path = ''
local result = each_delivery(id, function(ref, d)
  if d.state == 'active' and d.fence ~= '1' then return wish(ref, 'remove') end  -- another has claimed it
  path = finish(id, ref, d, 0)
  return 'now'
end)
if result[1] == 1 and result[3] == 0 then
  call('DEL', 'q:m:' .. id, 'q:e:' .. id)
  call('ZREM', 'q:done', id)
  if key then call('DEL', 'q:k:' .. key) end
end
return path
