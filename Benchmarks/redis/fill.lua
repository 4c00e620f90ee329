-- A part of a mixed database: from ARGV[1] to ARGV[2] of a million keys. Two of every three expire.
math.randomseed(tonumber(ARGV[1]))
local call, random = redis.call, math.random
local text = string.rep('The quick brown fox jumps over the lazy dog. ', 40)
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local kind, key = number % 100
    if kind < 40 then
        key = 'session:' .. number .. ':state'
        call('SET', key, string.sub(text, 1, random(20, 400)))
    elseif kind < 70 then
        key = 'cache:page:' .. number
        call('SET', key, string.sub(text, 1, random(200, 1600)))
    elseif kind < 82 then
        key = 'user:' .. number .. ':profile'
        for field = 1, random(3, 12) do call('HSET', key, 'field' .. field, string.sub(text, 1, random(5, 80))) end
    elseif kind < 90 then
        key = 'queue:' .. number
        for _ = 1, random(2, 10) do call('RPUSH', key, string.sub(text, 1, random(5, 60))) end
    elseif kind < 95 then
        key = 'tags:' .. number
        for _ = 1, random(2, 12) do call('SADD', key, random(1, 100000)) end
    elseif kind < 99 then
        key = 'board:' .. number
        for _ = 1, random(2, 12) do call('ZADD', key, random(), 'player' .. random(1, 100000)) end
    else
        key = 'events:' .. number
        for _ = 1, random(1, 4) do call('XADD', key, '*', 'event', string.sub(text, 1, random(5, 60))) end
    end
    if number % 3 > 0 then call('EXPIRE', key, random(600, 2000000)) end
end
