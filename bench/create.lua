-- wrk: POST a new customer on every request: an organisation with a contact, names of syllables, so that few are alike.
-- wrk ... -s bench/create.lua -- PATH TAG [HEADER=VALUE ...]
local path, tag, number, thread_number = nil, nil, 0, 0
local syllables = {}
for consonant in ("b br ch d dr f g gr h j k kl l m n p r s sch st t tr v w z"):gmatch("%S+") do
    for _, vowel in ipairs({"a", "e", "i", "o", "u", "ei", "au"}) do syllables[#syllables + 1] = consonant .. vowel end
end
local trades = {"Logistics", "Foods", "Engineering", "Consulting", "Textiles", "Energy", "Software", "Printing"}
local given = {"Anna", "Ben", "Clara", "David", "Eva", "Felix", "Greta", "Hugo", "Ida", "Jan", "Karin", "Lukas", "Maria", "Noah",
               "Olga", "Paul", "Rosa", "Stefan", "Tina", "Uwe", "Vera", "Willi"}

function setup(thread)
    thread:set("thread_id", thread_number)
    thread_number = thread_number + 1
end

function init(arguments)
    path, tag = arguments[1], arguments[2]
    local seed = thread_id
    for at = 1, #tag do seed = (seed * 31 + tag:byte(at)) % 2147483647 end
    math.randomseed(seed)
    for index = 3, #arguments do
        local name, value = arguments[index]:match("^([^=]+)=(.*)$")
        wrk.headers[name] = value
    end
    wrk.headers["Content-Type"] = "application/json"
end

local function word(count)
    local text = ""
    for _ = 1, count do text = text .. syllables[math.random(#syllables)] end
    return text
end

function request()
    number = number + 1
    local house, family = word(3), word(2)
    local site = string.format("%s-%d-%d.example", house, thread_id, number)
    return wrk.format("POST", path, nil, string.format(
        '{"name":"%s %s GmbH","status":"ACTIVE","segment":"SMB","emails":["info@%s"],"phones":["+49 30 %d"],' ..
        '"addresses":[{"line1":"%s Street %d","city":"%s","postalCode":"%05d","country":"DE","kind":"BILLING"}],' ..
        '"contacts":[{"name":"%s %s","email":"%s@%s","role":"BILLING"}]}',
        house, trades[math.random(#trades)], site, math.random(10000000, 99999999), word(3), math.random(200), word(2),
        math.random(99999), given[math.random(#given)], family, family, site))
end

function response(status)
    if status ~= 201 then failed = (failed or 0) + 1 end
end
