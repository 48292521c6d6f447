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
	constructor(context, origin) {
		this.complaints = [];
		this.dialogs = [];
		this.strangers = new Set();
		context.on("request", (request) => {
			const url = new URL(request.url());

			if (url.protocol.startsWith("http") && url.origin !== origin)
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
	}

	// A new visitor, with nothing in the cache, on the first page that job.url names.
	// javaScript false: as somebody has set it; script false: ours does not arrive, and the rules of axe can still be run.
	async come({ url, device = "phone", javaScript = true, script = true, scheme = "light" }, before = async () => {}) {
		const address = new URL(url, this.base);
		const context = await this.browser.newContext({
			...devices[device],
			colorScheme: scheme,
			javaScriptEnabled: javaScript,
			locale: "de-CH",
		});
		const page = await context.newPage();

		this.contexts.push(context);
		page.setDefaultTimeout(+(process.env.OPSFABRIC_BROWSER_MS ?? 60000));
		page.conduct = new Conduct(context, address.origin);
		page.press = (target) => (devices[device].hasTouch ? target.tap() : target.click());
		await context.addInitScript(() =>
			document.addEventListener("securitypolicyviolation", (event) =>
				console.error(`violates ${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`)));
		if (!script)
			await context.route("**/*.js", (route) => route.abort());
		await before(page);
		page.answer = await page.goto(address.href);
		return page;
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
