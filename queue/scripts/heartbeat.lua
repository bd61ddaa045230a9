#!lua flags=allow-oom
-- heartbeat.lua: says that an owner lives, and moves queue time on.
-- ARGV: owner, '1' when memory is short. Gives {queue time, owners with their counters}.
local t = call('TIME')
local wall = t[1] * 1000 + math.floor(t[2] / 1000)
local clock = call('HMGET', 'q:clock', 'offset', 'last')
local offset, last = tonumber(clock[1]) or 0, tonumber(clock[2]) or 0
-- The wall clock went back: queue time stands still instead, so that nothing that is due waits for the step.
if wall + offset < last then offset = last - wall end
call('HSET', 'q:clock', 'offset', offset, 'last', wall + offset)
call('HINCRBY', 'q:owners', ARGV[1], 1)
call('PERSIST', 'q:gen:' .. ARGV[1])
if ARGV[2] == '1' then trim_history(wall + offset, 500, 0) else trim_history(wall + offset, 100, history_cap) end
return {wall + offset, call('HGETALL', 'q:owners')}
