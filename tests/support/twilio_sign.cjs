// twilio_sign - signs requests as Twilio does, with Twilio's own package
//
// Each line of standard input is JSON: token, url, and params (an object whose values may be lists) or
// body. Each line of standard output is JSON: signature, and url, which got bodySHA256 for a body.
const readline = require("readline");
const webhooks = require("twilio/lib/webhooks/webhooks");

readline.createInterface({ input: process.stdin }).on("line", (line) => {
	const { token, url, params, body } = JSON.parse(line);
	let signed = url;
	if (body !== undefined)
		signed += (url.includes("?") ? "&" : "?") + "bodySHA256=" + webhooks.getExpectedBodyHash(body);
	const signature = webhooks.getExpectedTwilioSignature(token, signed, params || {});
	process.stdout.write(JSON.stringify({ url: signed, signature }) + "\n");
});
