-- commit.lua: stores a message. Alone among the verbs it is refused when memory is full.
-- ARGV: owner, worker, generation, then the message as add_message takes it. Gives {'ok', leased}, or what its idempotency
-- key was used for: {'duplicate', id} the same, {'reused', id} something else.
local owner = ARGV[1]
require_generation(owner, ARGV[2], ARGV[3])
local id, key, digest = ARGV[4], ARGV[9], ARGV[10]
local used = key ~= '' and call('GET', 'q:k:' .. key)
if used then
  local earlier, of_earlier = string.match(used, '^(%S*) ?(.*)$')
  -- Without a digest there is nothing to tell them apart by: an older version stored none.
  local same = digest == '' or of_earlier == '' or digest == of_earlier
  return {same and 'duplicate' or 'reused', earlier}
end
if call('EXISTS', 'q:m:' .. id) == 1 then return redis.error_reply('EXISTS message id') end
return {'ok', add_message(4, owner, now())}
