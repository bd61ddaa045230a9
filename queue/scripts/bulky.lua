#!lua flags=allow-oom
-- bulky.lua: messages that wait and whose body is still in memory, for shelve.lua. ARGV: most, bytes after which to stop.
-- Gives {how many were looked at, {{id, body}, …}}.
local budget, found = tonumber(ARGV[2]), {}
local ids = call('SRANDMEMBER', 'q:bulky', tonumber(ARGV[1]))
for i, id in ipairs(ids) do
  local body = call('GET', 'q:b:' .. id)
  if body then
    found[#found + 1] = {id, body}
    budget = budget - #body
    if budget <= 0 then return {i, found} end
  else
    call('SREM', 'q:bulky', id)
  end
end
return {#ids, found}
