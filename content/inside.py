"""What Redis does by itself for the page cache, each in one go that nothing comes between."""

from __future__ import annotations

# Numbers rise over a loss of Redis as well: the first one is the time in microseconds.
_NEXT = """
local function start(name)
  if redis.call('EXISTS', name) == 0 then
    local now = redis.call('TIME')
    redis.call('SET', name, string.format('%.0f', now[1] * 1000000 + now[2]))
  end
end
"""
# What is kept, by when it ends, with its sizes: so that there is never more than there is room for.
_FORGET = """
local function forget(name)
  redis.call('DECRBY', 'page:bytes', redis.call('HGET', 'page:sizes', name) or 0)
  for tag in string.gmatch(redis.call('HGET', 'page:tags', name) or '', '%S+') do
    redis.call('SREM', 'page:by:' .. tag, name)
  end
  redis.call('HDEL', 'page:sizes', name)
  redis.call('HDEL', 'page:tags', name)
  redis.call('ZREM', 'page:all', name)
  return redis.call('DEL', name)
end
"""
BEGIN = f"""{_NEXT}
start(KEYS[1])
local ours = redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[1])
return {{redis.call('GET', KEYS[1]), ours and 1 or 0}}
"""
END = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
DROP = f"""{_NEXT}{_FORGET}
start(KEYS[1])
redis.call('INCR', KEYS[1])
local number = redis.call('GET', KEYS[1])
local count = 0
for i = 2, #ARGV do
  redis.call('SET', 'page:gone:' .. ARGV[i], number, 'PX', ARGV[1])
  for _, name in ipairs(redis.call('SMEMBERS', 'page:by:' .. ARGV[i])) do
    count = count + forget(name)
  end
  redis.call('DEL', 'page:by:' .. ARGV[i])
end
return count
"""
DROP_ALL = f"""{_NEXT}
start(KEYS[1])
redis.call('INCR', KEYS[1])
redis.call('SET', KEYS[2], redis.call('GET', KEYS[1]))
"""
PUT = f"""{_FORGET}
local number = tonumber(ARGV[1])
if tonumber(redis.call('GET', 'page:epoch') or 0) > number then return 0 end
for i = 6, #ARGV do
  if tonumber(redis.call('GET', 'page:gone:' .. ARGV[i]) or 0) > number then return 0 end
end
forget(KEYS[1])
for _, name in ipairs(redis.call('ZRANGEBYSCORE', 'page:all', '-inf', ARGV[4], 'LIMIT', 0, 100)) do
  forget(name)
end
local size = string.len(ARGV[2]) + 400
local room = tonumber(ARGV[5]) - size
if room < 0 then return 0 end
while tonumber(redis.call('GET', 'page:bytes') or 0) > room do
  local first = redis.call('ZRANGE', 'page:all', 0, 0)[1]
  if not first then redis.call('SET', 'page:bytes', 0) break end
  forget(first)
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', 'page:all', ARGV[4] + ARGV[3] / 1000, KEYS[1])
redis.call('HSET', 'page:sizes', KEYS[1], size)
redis.call('HSET', 'page:tags', KEYS[1], table.concat(ARGV, ' ', 6))
redis.call('INCRBY', 'page:bytes', size)
for i = 6, #ARGV do
  redis.call('SADD', 'page:by:' .. ARGV[i], KEYS[1])
  redis.call('EXPIRE', 'page:by:' .. ARGV[i], 90000)
end
return 1
"""
