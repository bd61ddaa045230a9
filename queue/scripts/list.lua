#!lua flags=allow-oom
-- list.lua: a batch of messages in the order of their ids. ARGV: id to start after or '', most.
-- Gives {rows, id to go on after or ''}.
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local ids = call('ZRANGEBYLEX', 'q:messages', from, '+', 'LIMIT', 0, tonumber(ARGV[2]))
local rows, seen = {}, 0
for i, id in ipairs(ids) do
  local r = row(id)
  if r then
    rows[#rows + 1] = r
    seen = seen + #r[5]
    if seen > 2000 then return {rows, id} end  -- messages to many hosts: a batch stays small
  end
end
return {rows, #ids == tonumber(ARGV[2]) and ids[#ids] or ''}
