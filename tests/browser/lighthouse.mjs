// lighthouse.mjs - Lighthouse on a phone (its own settings for one) with a Chromium of its own
//
// A JSON array of addresses on stdin; on stdout for each its scores, and what took points from them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const addresses = JSON.parse(await text(process.stdin));
const profile = mkdtempSync(join(tmpdir(), "of-lighthouse-"));
const chrome = await launch({
	chromePath: "/usr/bin/chromium",
	userDataDir: profile,
	chromeFlags: [
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
	],
});
const reports = [];

try {
	for (const address of addresses) {
		const { lhr } = await lighthouse(address, { port: chrome.port, logLevel: "error", output: "json" });
		const lost = Object.values(lhr.categories).flatMap((category) => category.auditRefs
			.filter(({ id, weight }) => weight && lhr.audits[id].score !== null && lhr.audits[id].score < 1)
			.map(({ id }) => `${category.id} ${id}: ${lhr.audits[id].score} ${lhr.audits[id].displayValue ?? ""}`));

		reports.push({
			address,
			error: lhr.runtimeError?.message ?? null,
			scores: Object.fromEntries(Object.values(lhr.categories).map(({ id, score }) => [id, score === null ? null : Math.round(score * 100)])),
			lost,
		});
	}
} finally {
	await chrome.kill();
	rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.stdout.write(JSON.stringify(reports));
