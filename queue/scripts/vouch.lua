#!lua flags=allow-oom
-- vouch.lua: what an idempotency key was used for. Who hears of that message may rely on it. ARGV: key. Gives its id, or ''.
local id = string.match(call('GET', 'q:k:' .. ARGV[1]) or '', '^%S*')
if id ~= '' then vouch(id) end
return id
