-- load.lua - wrk's side of load.py: requests with a number of their own, answers counted by status
--
-- wrk -s load.lua URL -- METHOD AUTHORIZATION FIRST PAUSE [BODY...]
-- "{n}" in a body becomes a number that no other request has. Several bodies take turns.
local workers = {}

function setup(thread)
	workers[#workers + 1] = thread
end

function init(args)
	wrk.method = args[1]
	if args[2] ~= "" then
		wrk.headers["Authorization"] = args[2]
	end
	number = tonumber(args[3])
	local pause = tonumber(args[4])
	if pause > 0 then
		function delay()
			return pause
		end
	end
	bodies = { select(5, unpack(args)) }
	if #bodies > 0 then
		wrk.headers["Content-Type"] = "application/json"
	end
	address = wrk.headers["X-Real-IP"]
	statuses = {}
	answered = 0
end

function request()
	local body
	number = number + 1
	if #bodies > 0 then
		body = bodies[number % #bodies + 1]:gsub("{n}", string.format("%07d", number))
	end
	-- each from an address of its own, for an nginx that was told to believe it
	if not address then
		wrk.headers["X-Real-IP"] = string.format("10.%d.%d.%d", number / 65536 % 256, number / 256 % 256, number % 256)
	end
	return wrk.format(nil, nil, nil, body)
end

function response(status)
	local key = tostring(status)
	statuses[key] = (statuses[key] or 0) + 1
	answered = answered + 1
	-- load.py waits for these lines: the first says that the load has begun
	if answered == 1 or answered % 100 == 0 then
		io.write("answered\n")
		io.flush()
	end
end

function done(summary, latency)
	local errors, counts = summary.errors, {}
	for _, thread in ipairs(workers) do
		for status, count in pairs(thread:get("statuses")) do
			counts[status] = (counts[status] or 0) + count
		end
	end
	local words = {}
	for status, count in pairs(counts) do
		words[#words + 1] = string.format('"%s":%d', status, count)
	end
	io.write(string.format(
		'{"statuses":{%s},"connect":%d,"read":%d,"write":%d,"timeout":%d,"max_ms":%d,"seconds":%.1f}\n',
		table.concat(words, ","), errors.connect, errors.read, errors.write, errors.timeout,
		latency.max / 1000, summary.duration / 1000000))
end
