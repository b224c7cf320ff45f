-- wrk: POST a new customer on every request.
-- wrk ... -s bench/create.lua -- PATH TAG [HEADER=VALUE ...]
local path, tag, number, thread_number = nil, nil, 0, 0

function setup(thread)
    thread:set("thread_id", thread_number)
    thread_number = thread_number + 1
end

function init(arguments)
    path, tag = arguments[1], arguments[2]
    for index = 3, #arguments do
        local name, value = arguments[index]:match("^([^=]+)=(.*)$")
        wrk.headers[name] = value
    end
    wrk.headers["Content-Type"] = "application/json"
end

function request()
    number = number + 1
    local unique = string.format("%s-%d-%d", tag, thread_id, number)
    return wrk.format("POST", path, nil, string.format(
        '{"name":"Customer %s","status":"ACTIVE","segment":"SMB","emails":["info@%s.example"],' ..
        '"contacts":[{"name":"Jane Doe","email":"jane@%s.example","role":"BILLING"}]}', unique, unique, unique))
end

function response(status)
    if status ~= 201 then failed = (failed or 0) + 1 end
end
