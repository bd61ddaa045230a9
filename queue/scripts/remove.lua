#!lua flags=allow-oom
-- remove.lua: drops a message without telling its sender. ARGV: id, fact. Gives what `told` does.
local t = now()
local id, path = ARGV[1], ''
local fact, facts = cjson.decode(ARGV[2]), {}
local result = each_delivery(id, function(ref, d)
  -- Each by name: with the delivery goes what else would tell whom it was for.
  local is_readable, recipients = pcall(cjson.decode, call('HGET', 'q:d:' .. ref, 'rcpt'))
  for _, recipient in ipairs(is_readable and recipients or {}) do
    fact.r = recipient.a
    facts[#facts + 1] = cjson.encode(fact)
    tell(id, facts[#facts])
  end
  if d.state == 'active' then return wish(ref, 'remove') end
  path = finish(id, ref, d, t)
  return 'now'
end)
result[4], result[5] = path, facts
return result
