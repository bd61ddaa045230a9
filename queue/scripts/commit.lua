-- commit.lua: stores a message. Alone among the verbs it is refused when memory is full.
-- ARGV: owner, worker, generation, then the message as add_message takes it. Gives 'ok' or {'duplicate', id}.
local owner = ARGV[1]
-- A connection that came later has raised the generation: what an older one sent late must not count any more.
if call('HGET', 'q:gen:' .. owner, ARGV[2]) ~= ARGV[3] then return redis.error_reply('STALE generation') end
local id, key = ARGV[4], ARGV[10]
if key ~= '' then
  local earlier = call('GET', 'q:k:' .. key)
  if earlier then return {'duplicate', earlier} end
end
if call('EXISTS', 'q:m:' .. id) == 1 then return redis.error_reply('EXISTS message id') end
add_message(4, owner, now())
return 'ok'
