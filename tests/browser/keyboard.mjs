// keyboard.mjs - somebody without a mouse

import { picture } from "./pages.mjs";

// Where the focus is: what it is read as, and whether one sees that it is there.
async function focused(page) {
	const element = await page.evaluateHandle(() => document.activeElement);
	const described = await element.evaluate((e) => (e === document.body ? null : {
		tag: e.tagName.toLowerCase(),
		name: e.name ?? "",
		id: e.id,
		href: e.getAttribute("href") ?? "",
		label: (e.labels?.[0] ?? e).textContent.trim().replace(/\s+/g, " ") || e.getAttribute("aria-label"),
	}));

	if (described === null)
		return null;
	// A mark is what looks different once the focus is gone.
	const box = await element.evaluate((e) => {
		const { x, y, width, height } = (e.closest("label, .service") ?? e).getBoundingClientRect();

		return { x: x - 8, y: y - 8, width: width + 16, height: height + 16 };
	});
	const size = page.viewportSize();
	const left = Math.max(0, box.x);
	const top = Math.max(0, box.y);
	const clip = {
		x: left, y: top,
		width: Math.min(box.x + box.width, size.width) - left, height: Math.min(box.y + box.height, size.height) - top,
	};

	described.isInView = clip.width > 16 && clip.height > 16;
	if (described.isInView) {
		const look = () => page.screenshot({ clip, animations: "disabled" });
		const marked = await look();
		await element.evaluate((e) => e.blur());
		const plain = await look();
		await element.evaluate((e) => e.focus({ preventScroll: true }));
		described.isMarked = !marked.equals(plain);
	}
	return described;
}

// One Tab after the other through a page, until the focus leaves it or is where it was before.
export async function tabThrough(visitors, job) {
	const page = await visitors.come({ ...job, device: "desktop" });
	const stops = [];

	for (let n = 0; n < 200; n += 1) {
		await page.keyboard.press("Tab");
		const stop = await focused(page);
		if (stop === null)
			return { stops, end: "left", ...(await visitors.conduct(page)) };
		stops.push(stop);
	}
	return { stops, end: "trapped" };
}

// Tab until the focus is on what is wanted.
async function tabTo(page, is, stops) {
	for (let n = 0; n < 80; n += 1) {
		await page.keyboard.press("Tab");
		const stop = await focused(page);
		if (stop === null)
			continue;
		stops.push(stop);
		if (is(stop))
			return;
	}
	throw new Error(`no Tab leads to ${is}: ${JSON.stringify(stops.slice(-80).map((s) => s.label))}`);
}

// From the choice of ways to the page of thanks; job.values in the order of the form.
export async function askByKeyboard(visitors, job) {
	const page = await visitors.come({ ...job, device: "desktop" });
	const stops = [];

	await tabTo(page, (stop) => stop.href.includes(`flow=${job.way}`), stops);
	await page.keyboard.press("Enter");
	await page.waitForURL(/flow=/);
	await page.locator("#wizard .progress").waitFor();
	await page.evaluate((token) => (document.querySelector("[name=form_token]").value = token), job.token);
	for (const step of job.steps) {
		for (const [name, value] of Object.entries(step)) {
			await tabTo(page, (stop) => stop.name === name, stops);
			if (value === true)
				await page.keyboard.press("Space");
			else
				await page.keyboard.type(value);
		}
		const before = await page.evaluate(() => document.querySelector("#wizard .progress").textContent);
		await tabTo(page, (stop) => stop.tag === "button", stops);
		await page.keyboard.press("Enter");
		if (step === job.steps.at(-1))
			break;
		await page.waitForFunction((text) => document.querySelector("#wizard .progress").textContent !== text, before);
		// Whoever hears the page is told where they are now.
		stops.heading ??= [];
		stops.heading.push(await page.evaluate(() => document.activeElement.textContent));
	}
	await page.waitForURL(/\/anfrage\/danke\?/);
	await page.waitForLoadState("load");
	await picture(page, job.pictures);
	return { stops, headings: stops.heading, text: await page.locator("main").innerText(), ...(await visitors.conduct(page)) };
}

// The first stop leads past the menu.
export async function skip(visitors, job) {
	const page = await visitors.come({ ...job, device: "desktop" });

	await page.keyboard.press("Tab");
	const first = await focused(page);
	await page.keyboard.press("Enter");
	await page.keyboard.press("Tab");
	return { first, inMain: await page.evaluate(() => document.querySelector("main").contains(document.activeElement)) };
}
