#!lua flags=allow-oom
-- abandon.lua: takes back a commit whose answer was lost: the client was told to come again.
-- ARGV: id. Gives 1 when its spool file can go, 0 when somebody has a use for it.
local id = ARGV[1]
local m = call('HMGET', 'q:m:' .. id, 'key', 'vouched')

-- The client came again before us, with its key, and was told this id: the message stays. Nobody tries what was leased with it.
if m[2] then
  local t, file = now(), ''
  each_delivery(id, function(ref, d)
    if d.state ~= 'active' or d.fence ~= '1' then return nil end
    file = obey(id, ref, d, t, function() enter_ready(ref, d.lane, t) end)
  end)
  return file ~= '' and 1 or 0
end

local result = each_delivery(id, function(ref, d)
  if d.state == 'active' and d.fence ~= '1' then return wish(ref, 'remove') end  -- another has claimed it
  finish(id, ref, d, 0)
  return 'now'
end)
if result[1] == 1 then
  -- Nobody must hear of it any more, also while another's try goes on.
  if m[1] and string.match(call('GET', 'q:k:' .. m[1]) or '', '^%S*') == id then call('DEL', 'q:k:' .. m[1]) end
  if result[3] == 0 then
    call('DEL', 'q:m:' .. id, 'q:e:' .. id)
    call('ZREM', 'q:done', id)
  end
end
return result[3] == 0 and 1 or 0
