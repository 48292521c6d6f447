// pages.mjs - what one page is to those who look at it, those who hear it, and the line it comes over

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// ---- looks ----

// Nothing is wider than the window: what stands out is named.
export function overflow(page) {
	return page.evaluate(() => {
		const width = document.documentElement.clientWidth;

		if (document.scrollingElement.scrollWidth <= width)
			return [];
		return [...document.querySelectorAll("body *")]
			.filter((e) => e.getBoundingClientRect().right > width + 1)
			.map((e) => `${width}: ${e.tagName.toLowerCase()}.${e.className} to ${Math.round(e.getBoundingClientRect().right)}`);
	});
}

export async function picture(page, path) {
	if (!path)
		return;
	// What stays at the top is at the top.
	await page.evaluate(() => scrollTo({ top: 0, behavior: "instant" }));
	// Half of what a PNG costs.
	await page.screenshot({ path, type: "jpeg", quality: 80, fullPage: true, animations: "disabled" });
}

// ---- what a screen reader and its rules say ----

export async function violations(page, options = {}) {
	await page.evaluate(axe);
	return page.evaluate(async (wanted) => {
		const found = await globalThis.axe.run(document, { resultTypes: ["violations"], ...wanted });

		return found.violations.flatMap((rule) =>
			rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replaceAll("\n", " ")}`));
	}, options);
}

const contrast = { runOnly: { type: "rule", values: ["color-contrast"] } };
const controls = new Set(["button", "checkbox", "combobox", "link", "radio", "radiogroup", "searchbox", "spinbutton", "textbox"]);

// [role, name] of all that can be used, as it is read out.
export async function spoken(page) {
	const session = await page.context().newCDPSession(page);
	const { nodes } = await session.send("Accessibility.getFullAXTree");

	await session.detach();
	return nodes
		.filter((node) => !node.ignored && controls.has(node.role?.value))
		.map((node) => [node.role.value, node.name?.value ?? ""]);
}

// ---- a visit ----

async function onPhone(visitors, job, seen) {
	const page = await visitors.look({ url: job.url, device: "phone", scheme: "light" });
	const result = {
		status: page.answer.status(),
		title: await page.title(),
		language: await page.getAttribute("html", "lang"),
		headings: await page.locator("h1").allInnerTexts(),
		text: await page.locator("body").innerText(),
		violations: await violations(page),
		spoken: await spoken(page),
		overflow: await overflow(page),
	};
	await picture(page, seen("phone-light"));
	await page.emulateMedia({ colorScheme: "dark" });
	await picture(page, seen("phone-dark"));
	return { ...result, bytes: page.weight, ...(await visitors.conduct(page)) };
}

async function onDesktop(visitors, job, seen) {
	const page = await visitors.look({ url: job.url, device: "desktop", scheme: "dark" });
	const result = { violations: await violations(page, contrast), overflow: await overflow(page) };
	await picture(page, seen("desktop-dark"));
	await page.emulateMedia({ colorScheme: "light" });
	await picture(page, seen("desktop-light"));
	// 200 % and 400 % of a window of 1280.
	for (const width of [640, 320]) {
		await page.setViewportSize({ width, height: 512 });
		result.overflow.push(...(await overflow(page)));
	}
	return { ...result, ...(await visitors.conduct(page)) };
}

// job: url, and where the pictures go (with {look} in it), or none. One page by day and by night, on a phone and wide.
export async function visit(visitors, job) {
	const seen = (look) => job.pictures?.replace("{look}", look);
	const [phone, desktop] = await Promise.all([onPhone(visitors, job, seen), onDesktop(visitors, job, seen)]);

	for (const [what, more] of Object.entries(desktop))
		phone[what] = [...phone[what], ...more];
	return phone;
}
