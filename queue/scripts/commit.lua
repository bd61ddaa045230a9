-- commit.lua: stores a message. Alone among the verbs it is refused when memory is full.
-- ARGV: owner, worker, generation, then the message as add_message takes it. Gives {'ok', leased} or {'duplicate', id}.
local owner = ARGV[1]
require_generation(owner, ARGV[2], ARGV[3])
local id, key = ARGV[4], ARGV[10]
if key ~= '' then
  local earlier = call('GET', 'q:k:' .. key)
  if earlier then return {'duplicate', earlier} end
end
if call('EXISTS', 'q:m:' .. id) == 1 then return redis.error_reply('EXISTS message id') end
return {'ok', add_message(4, owner, now())}
