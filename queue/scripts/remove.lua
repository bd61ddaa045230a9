#!lua flags=allow-oom
-- remove.lua: drops a message without telling its sender. ARGV: id, event. Gives {found, now, after the try, spool file or ''}.
local t = now()
local id, path = ARGV[1], ''
local event = cjson.decode(ARGV[2])
local result = each_delivery(id, function(ref, d)
  -- Each by name: with the delivery goes what else would tell whom it was for.
  local is_readable, recipients = pcall(cjson.decode, call('HGET', 'q:d:' .. ref, 'rcpt'))
  for _, recipient in ipairs(is_readable and recipients or {}) do
    event.r = recipient.a
    tell(id, cjson.encode(event))
  end
  if d.state == 'active' then return wish(ref, 'remove') end
  path = finish(id, ref, d, t)
  return 'now'
end)
result[4] = path
return result
