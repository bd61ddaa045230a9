#!lua flags=allow-oom
-- show.lua: one message, also one that is done. ARGV: id. Gives {row, events, spool file or ''}, or nil.
local r = row(ARGV[1])
if not r then return nil end
return {r, call('LRANGE', 'q:e:' .. ARGV[1], 0, -1), call('HGET', 'q:m:' .. ARGV[1], 'path') or ''}
