#!lua flags=allow-oom
-- trim.lua: forgets some history because memory is short. ARGV: most. Gives how many messages.
return trim_history(now(), tonumber(ARGV[1]), 0)
