-- wrk: GET a random one of `count` customers on every request.
-- wrk ... -s bench/lookup.lua -- PREFIX COUNT [HEADER=VALUE ...]
local prefix, count, head

function init(arguments)
    prefix, count = arguments[1], tonumber(arguments[2])
    for index = 3, #arguments do
        local name, value = arguments[index]:match("^([^=]+)=(.*)$")
        wrk.headers[name] = value
    end
    math.randomseed(tonumber(tostring({}):match("0x(%x+)"), 16) % 2147483647)
    local request_text = wrk.format("GET", "@")
    head = request_text:match("^GET @(.*)$")
end

function request()
    return string.format("GET %s%08d", prefix, math.random(0, count - 1)) .. head
end
