#!lua flags=allow-oom
-- owned.lua: which files of the spool belong to nobody. ARGV: epoch, then id, file, id, file, … Gives those files.
require_epoch(ARGV[1])
local unwanted = {}
for i = 2, #ARGV, 2 do
  local m = call('HMGET', 'q:m:' .. ARGV[i], 'path', 'done')
  if m[1] ~= ARGV[i + 1] or m[2] then unwanted[#unwanted + 1] = ARGV[i + 1] end
end
return unwanted
