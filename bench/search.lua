-- Searches, one after the other from a file of paths: wrk ... -s search.lua URL -- FILE "Header=value"
local paths, headers, at = {}, {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do paths[#paths + 1] = line end
   for i = 2, #arguments do
      local name, value = arguments[i]:match("^([^=]+)=(.*)$")
      headers[name] = value
   end
   at = math.floor(#paths * (tonumber(tostring({}):match("0x(%x+)"), 16) % 997) / 997)
end

function request()
   at = at % #paths + 1
   return wrk.format("GET", paths[at], headers)
end
