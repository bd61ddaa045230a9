#!lua flags=allow-oom
-- heartbeat.lua: says that an owner lives, and moves queue time on.
-- ARGV: owner, '1' when memory is short, queue time as the owner's monotonic clock expects it or '', epoch.
-- Gives {queue time, owners with their counters}.
require_epoch(ARGV[4])
local t = call('TIME')
local wall = t[1] * 1000 + math.floor(t[2] / 1000)
local clock = call('HMGET', 'q:clock', 'offset', 'last')
local at, last, expected = wall + (tonumber(clock[1]) or 0), tonumber(clock[2]) or 0, tonumber(ARGV[3])
-- The wall clock made a step: queue time goes on as if it had not. It never goes back.
if expected and math.abs(at - expected) > minute then at = expected end
at = math.max(at, last)
memory_is_short = ARGV[2] == '1'
call('HSET', 'q:clock', 'offset', at - wall, 'last', at, 'short', memory_is_short and '1' or '0')
call('HINCRBY', 'q:owners', ARGV[1], 1)
call('PERSIST', 'q:gen:' .. ARGV[1])
if memory_is_short then trim_history(at, 500, 0) else trim_history(at, 500, history_cap) end
return {at, call('HGETALL', 'q:owners')}
