#!lua flags=allow-oom
-- search.lua: looks at a batch of messages, newest first, for one that holds a text. ARGV: 'queued' or 'done', where to go on
-- (queued: an id or ''; done: a rank), most, the text in lower case, as JSON writes it.
-- Gives {messages as show.lua gives them, where to go on or ''}. The text may stand where it means something else: look again.
local kind, from, most, text = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local ids
if kind == 'queued' then
  ids = call('ZREVRANGEBYLEX', 'q:messages', from == '' and '+' or '(' .. from, '-', 'LIMIT', 0, most)
else
  ids = call('ZREVRANGE', 'q:done', from, from + most - 1)
end

local function holds(s)
  return string.find(string.lower(s), text, 1, true) ~= nil
end

local function is_hit(r, events)
  if holds(r[2]) then return true end
  for _, event in ipairs(events) do
    if holds(event) then return true end
  end
  for _, delivery in ipairs(r[5]) do
    if holds(delivery[6]) then return true end
  end
  return false
end

local found, seen = {}, 0
for i, id in ipairs(ids) do
  local r = row(id)
  if r then
    local events = call('LRANGE', 'q:e:' .. id, 0, -1)
    if is_hit(r, events) then found[#found + 1] = {r, events} end
    seen = seen + #r[5] + #events
  end
  -- Long lives and many hosts: a batch stays small.
  if i == most or seen > 3000 then return {found, kind == 'queued' and id or tostring(from + i)} end
end
return {found, ''}
