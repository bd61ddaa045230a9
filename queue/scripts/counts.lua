#!lua flags=allow-oom
-- counts.lua: deliveries by state, and messages: {ready, active, deferred, held, messages}.
local active = 0
for _, owner in ipairs(call('HKEYS', 'q:owners')) do active = active + call('SCARD', 'q:active:' .. owner) end
return {tonumber(call('HGET', 'q:counts', 'ready')) or 0, active, call('ZCARD', 'q:due'), call('SCARD', 'q:held'),
        call('ZCARD', 'q:messages')}
