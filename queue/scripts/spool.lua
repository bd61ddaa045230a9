#!lua flags=allow-oom
-- spool.lua: which spool belongs to this queue. ARGV: the id of one that is offered, or ''. Gives the id of the first that was, or ''.
if ARGV[1] ~= '' then call('SET', 'q:spool', ARGV[1], 'NX') end
return call('GET', 'q:spool') or ''
