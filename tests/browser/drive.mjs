// drive.mjs - one Chromium, driven by jobs: a line of JSON on stdin is one job, a line on stdout its result
//
// {"do": "visit", ...} calls the scenario of that name with the job: {"result": ...}, or {"error": "..."} with
// the stack. The tests in Python say what must hold; here stands only how one gets there. The visitor of a job
// with "stay" is still there for the next one.
// drive.mjs ADDRESS HOST...: the installation, and which domains lead to it.

import { createInterface } from "node:readline";
import { Visitors } from "./visitors.mjs";
import * as keyboard from "./keyboard.mjs";
import * as pages from "./pages.mjs";
import * as wizard from "./wizard.mjs";

const scenarios = { ...pages, ...wizard, ...keyboard };
const [base, ...hosts] = process.argv.slice(2);
const visitors = await Visitors.launch(base, hosts);

for await (const line of createInterface({ input: process.stdin })) {
	const job = JSON.parse(line);
	let answer;

	try {
		answer = { result: await scenarios[job.do](visitors, job) };
	} catch (error) {
		answer = { error: error.stack };
	}
	if (!job.stay)
		await visitors.leave();
	process.stdout.write(JSON.stringify(answer) + "\n");
}
await visitors.close();
