-- requests.lua - wrk's requests: a different caller each time
--
-- wrk -s requests.lua URL -- KIND FIRST DELAY_MS SLUG:PHONE:SMS...
-- KIND is ticket, call or reply; FIRST is the first of the numbers nobody used yet; DELAY_MS makes
-- each connection wait between two requests, which holds a rate below saturation.
local threads = 0
local ticket = '{"customer_slug":"%s","source":"wizard","intent":"repair","urgency":"MED",'
	.. '"contact_name":"Anna Muster","contact_phone":"%s",'
	.. '"summary":"Der Boiler im Keller tropft seit gestern."}'
local call = '{"From":"%s","To":"%s","CallStatus":"no-answer","CallSid":"call-%s"}'
local reply = '{"From":"%s","To":"%s","Body":"1","MessageSid":"text-%s"}'

function setup(thread)
	thread:set("thread_number", threads)
	threads = threads + 1
end

function init(args)
	math.randomseed(os.time() + thread_number)
	kind = args[1]
	next_number = tonumber(args[2]) + thread_number * 5000000
	wait_ms = tonumber(args[3])
	firms = {}
	for i = 4, #args do
		local slug, phone, sms = args[i]:match("([^:]+):([^:]+):([^:]+)")
		firms[#firms + 1] = { slug, phone, sms }
	end
	wrk.method = "POST"
	wrk.headers["Content-Type"] = "application/json"
	local paths = {
		ticket = "/api/ticket",
		call = "/api/webhook/missed-call",
		reply = "/api/webhook/sms-reply",
	}
	-- Written once: wrk.format() would write it for each request, at the cost of the programs that are measured.
	head, rest = wrk.format(nil, paths[kind], nil, "x"):match("^(.*Content%-Length: )1(\r\n.*)x$")
end

-- Between none and twice of it: clients who all wait equally long would stay in step, and come all at once.
function delay()
	return math.random(0, 2 * wait_ms)
end

function request()
	local firm = firms[next_number % #firms + 1]
	-- 075 to 079 and seven digits: ten times five million of them
	local phone = string.format("+417%d%07d", 5 + math.floor(next_number / 10000000), next_number % 10000000)
	local body
	next_number = next_number + 1
	if kind == "ticket" then
		body = string.format(ticket, firm[1], phone)
	elseif kind == "call" then
		body = string.format(call, phone, firm[2], phone)
	else
		body = string.format(reply, phone, firm[3], phone)
	end
	return head .. #body .. rest .. body
end

function done(summary, latency, requests)
	local errors = summary.errors
	io.write(string.format('{"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,"failed":%d}\n',
		summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max,
		errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
