// visitors.mjs - a browser, and people with a telephone or a desktop who meet a firm's pages with it

import { chromium } from "playwright-core";

const chrome = {
	executablePath: "/usr/bin/chromium",
	args: [
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
	],
};

const devices = {
	phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
	desktop: { viewport: { width: 1280, height: 900 } },
};

// What nobody may do, wherever it happens.
class Conduct {
	constructor(context) {
		context.on("request", (request) => {
			const url = new URL(request.url());

			if (url.protocol.startsWith("http") && url.origin !== this.origin)
				this.strangers.add(url.origin);
		});
		context.on("console", (message) => {
			// What a page does about an answer that is no page is the test's to say.
			if (["error", "warning"].includes(message.type()) && !message.text().startsWith("Failed to load resource"))
				this.complaints.push(message.text());
		});
		context.on("weberror", (error) => this.complaints.push(String(error.error())));
		context.on("dialog", (dialog) => {
			this.dialogs.push(dialog.type());
			// Whoever is asked whether to leave says yes.
			return dialog.type() === "beforeunload" ? dialog.accept() : dialog.dismiss();
		});
	}

	begin(origin) {
		this.origin = origin;
		this.complaints = [];
		this.dialogs = [];
		this.strangers = new Set();
	}
}

export class Visitors {
	static async launch(base, hosts) {
		const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(", ");
		const browser = await chromium.launch({ ...chrome, timeout: 180000, args: [...chrome.args, `--host-resolver-rules=${rules}`] });

		return new Visitors(browser, base);
	}

	constructor(browser, base) {
		this.browser = browser;
		this.base = base;
		this.contexts = [];
		this.lookers = {};
	}

	// Somebody who has not been here: with nothing in the cache, and in a process of his own.
	async meet({ device = "phone", javaScript = true, script = true, scheme = "light" }) {
		const context = await this.browser.newContext({
			...devices[device],
			colorScheme: scheme,
			javaScriptEnabled: javaScript,
			locale: "de-CH",
		});
		const page = await context.newPage();

		page.setDefaultTimeout(+(process.env.OPSFABRIC_BROWSER_MS ?? 60000));
		page.conduct = new Conduct(context);
		page.press = (target) => (devices[device].hasTouch ? target.tap() : target.click());
		await context.addInitScript(() =>
			document.addEventListener("securitypolicyviolation", (event) =>
				console.error(`violates ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`)));
		if (!script)
			await context.route("**/*.js", (route) => route.abort());
		return page;
	}

	async go(page, url) {
		const address = new URL(url, this.base);

		page.conduct.begin(address.origin);
		page.answer = await page.goto(address.href);
		return page;
	}

	// A new visitor, on the first page that job.url names.
	// javaScript false: as somebody has set it; script false: ours does not arrive, and the rules of axe can still be run.
	async come(job) {
		const page = await this.meet(job);

		this.contexts.push(page.context());
		return this.go(page, job.url);
	}

	// One who looks at one page after the other, as if each were the first: a process for each would cost more than
	// all that is asked of it there.
	async look({ url, device, scheme }) {
		const page = this.lookers[device] ?? (await this.meet({ device }));

		this.lookers[device] = page;
		page.weight = 0;
		if (!page.scale) {
			page.scale = await page.context().newCDPSession(page);
			await page.scale.send("Network.enable");
			await page.scale.send("Network.setCacheDisabled", { cacheDisabled: true });
			page.scale.on("Network.loadingFinished", (event) => (page.weight += event.encodedDataLength));
		}
		await page.setViewportSize(devices[device].viewport);
		await page.emulateMedia({ colorScheme: scheme });
		return this.go(page, url);
	}

	// What is to be said about the visitor at the end of any job.
	async conduct(page) {
		const { complaints, dialogs, strangers } = page.conduct;

		return { complaints, dialogs, strangers: [...strangers], cookies: await page.context().cookies() };
	}

	async leave() {
		await Promise.all(this.contexts.splice(0).map((context) => context.close()));
	}

	async close() {
		await this.browser.close();
	}
}
