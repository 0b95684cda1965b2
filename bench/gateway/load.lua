-- Asks with the tokens of a file, in turn, and tells what came of it as one line of JSON on standard error.
-- A single token is left to wrk itself, which then sends the same bytes again and again without asking Lua.

function init(args)
  local tokens, turn, requests = {}, 0, {}
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  wrk.headers["Authorization"] = "Bearer " .. tokens[1]
  if #tokens == 1 then return end
  for n, token in ipairs(tokens) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[n] = wrk.format()
  end
  function request()
    turn = turn % #requests + 1
    return requests[turn]
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format('{"requests":%d,"micros":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}\n',
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
