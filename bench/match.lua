-- wrk: POST the lines of a file one after the other, each a record to be matched.
-- wrk ... -s bench/match.lua -- PATH FILE [HEADER=VALUE ...]
local path, bodies, at = nil, {}, 0

function init(arguments)
    path = arguments[1]
    for line in io.lines(arguments[2]) do bodies[#bodies + 1] = line end
    for index = 3, #arguments do
        local name, value = arguments[index]:match("^([^=]+)=(.*)$")
        wrk.headers[name] = value
    end
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    at = at % #bodies + 1
    return wrk.format("POST", path, nil, bodies[at])
end
