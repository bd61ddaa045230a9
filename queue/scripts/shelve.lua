#!lua flags=allow-oom
-- shelve.lua: bodies that are now on disk, in the spool, leave memory. ARGV: id, file, id, file, …
-- Gives the files that are not wanted: the message has left, or another node was faster.
local unwanted = {}
for i = 1, #ARGV, 2 do
  local id, file = ARGV[i], ARGV[i + 1]
  call('SREM', 'q:bulky', id)
  if call('EXISTS', 'q:b:' .. id) == 1 then
    call('HSET', 'q:m:' .. id, 'path', file)
    call('DEL', 'q:b:' .. id)
  else
    unwanted[#unwanted + 1] = file
  end
end
return unwanted
