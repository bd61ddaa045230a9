#!lua flags=allow-oom
-- generation.lua: the first word of a connection: is this our Redis, and no older connection's commit counts any more.
-- ARGV: owner, worker, epoch that we know or '', epoch to set when there never was one.
-- Gives {generation, epoch}, or an error: EMPTY, OTHER.
local epoch = call('GET', 'q:epoch')
if not epoch then
  if ARGV[3] ~= '' then return redis.error_reply('EMPTY this Redis has lost the queue') end
  epoch = ARGV[4]
  call('SET', 'q:epoch', epoch)
elseif ARGV[3] ~= '' and ARGV[3] ~= epoch then
  return redis.error_reply('OTHER this Redis holds the queue of another installation')
end
call('HSETNX', 'q:owners', ARGV[1], 0)
return {call('HINCRBY', 'q:gen:' .. ARGV[1], ARGV[2], 1), epoch, call('HKEYS', 'q:owners')}
