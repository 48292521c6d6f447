// wizard.mjs - the ways to a ticket, as a person goes them

import { picture, spoken, violations, overflow } from "./pages.mjs";

const send = (page) => page.locator("#wizard button[type=submit]");
const field = (page, name) => page.locator(`#wizard [name="${name}"]`);

async function enter(page, name, value) {
	const all = field(page, name);
	const type = await all.first().getAttribute("type");

	if (type === "radio")
		await page.press(page.locator(`#wizard label:has([name="${name}"][value="${value}"])`));
	else if (type === "checkbox")
		await all.check();
	else
		await all.fill(value);
}

// Enters what is to be seen of values, and takes that out of them.
async function fill(page, values) {
	for (const [name, value] of Object.entries(values)) {
		if (!(await field(page, name).locator("visible=true").count()))
			continue;
		await enter(page, name, value);
		delete values[name];
	}
}

const isStepwise = (page) => page.locator("#wizard .progress").count();

// The page was shown a minute ago (job.token), or it takes as long as the form wants (job.patience).
async function age(page, { token, patience }) {
	const shown = field(page, "form_token");

	if (token)
		await shown.evaluate((input, value) => (input.value = value), token);
	if (patience)
		await page.waitForFunction(() => Date.now() / 1000 - parseInt(document.querySelector("[name=form_token]").value) > 4);
}

// All of the form but the sending of it. job.look: notes of each step on the way.
async function complete(page, job, notes = []) {
	const values = { ...job.values };

	await age(page, job);
	for (;;) {
		await fill(page, values);
		if (job.look)
			notes.push({
				progress: await page.locator("#wizard .progress").allInnerTexts(),
				legend: await page.locator("#wizard fieldset.step > legend").locator("visible=true").allInnerTexts(),
				violations: await violations(page),
				spoken: await spoken(page),
				overflow: await overflow(page),
			});
		await picture(page, job.pictures?.replace("{n}", notes.length));
		if (!Object.keys(values).length)
			break;
		if (!(await isStepwise(page)))
			throw new Error(`the form has no ${Object.keys(values)}`);
		const before = await page.locator("#wizard .progress").innerText();
		await page.press(send(page));
		await page.waitForFunction((text) => document.querySelector("#wizard .progress").innerText !== text, before);
	}
	return notes;
}

const thanked = (page) => page.waitForURL(/\/anfrage\/danke\?/);

async function thanks(visitors, page, job) {
	await thanked(page);
	await page.waitForLoadState("load");
	await picture(page, job.pictures?.replace("{n}", "thanks"));
	return {
		url: page.url(),
		language: await page.getAttribute("html", "lang"),
		heading: await page.locator("h1").innerText(),
		text: await page.locator("main").innerText(),
		...(await visitors.conduct(page)),
	};
}

// What somebody typed, of all that a form would send.
const typedIn = (page, form) =>
	page.locator(form).evaluate((element) => Object.fromEntries([...new FormData(element)]
		.filter(([name, value]) => value && !["form_token", "customer_slug", "flow", "language", "firm_phone", "advice"].includes(name))));

const valuesOf = (page) => typedIn(page, "#wizard");

const shown = (page) =>
	page.evaluate(() => [...document.querySelectorAll("#wizard fieldset.step")].findIndex((step) => !step.hidden));

// From the page of choices to the page of thanks; job.way is the link's end, "emergency".
export async function ask(visitors, job) {
	const page = await visitors.come(job);

	if (job.way) {
		await page.press(page.locator(`main a[href*="flow=${job.way}"]`));
		await page.waitForURL(/flow=/);
	}
	const steps = await complete(page, job);
	await page.press(send(page));
	const result = await thanks(visitors, page, job);

	if (job.look)
		Object.assign(result, { violations: await violations(page), overflow: await overflow(page) });
	return { ...result, steps };
}

// Two taps where one would do.
export async function askTwice(visitors, job) {
	const page = await visitors.come(job);

	await complete(page, job);
	await send(page).dblclick({ delay: 0 });
	return thanks(visitors, page, job);
}

// The line is cut before the request, or before its answer (job.cut: "request", "answer"); then there is one again.
export async function askOffline(visitors, job) {
	const page = await visitors.come(job);

	await complete(page, job);
	if (job.cut === "answer")
		await page.route("**/api/ticket", async (route) => {
			await route.fetch({ maxRedirects: 0 });
			await route.abort();
		}, { times: 1 });
	else
		await page.context().setOffline(true);
	await page.press(send(page));
	await page.locator("#wizard .notice").waitFor();
	const told = {
		notice: await page.locator("#wizard .notice").innerText(),
		button: await send(page).innerText(),
		typed: await valuesOf(page),
		violations: await violations(page),
	};
	await picture(page, job.pictures?.replace("{n}", "offline"));

	if (job.reload) {
		await page.context().setOffline(false);
		await page.reload();
		told.reloaded = await valuesOf(page);
		told.step = await shown(page);
		await complete(page, { values: { consent: true } });
	}
	await page.context().setOffline(false);
	await page.press(send(page));
	return { ...told, ...(await thanks(visitors, page, job)) };
}

// Forward, back with the form's own button, back with the browser's, and the page anew.
export async function wander(visitors, job) {
	const page = await visitors.come(job);
	const seen = {};

	await fill(page, { ...job.values });
	await page.press(send(page));
	await page.waitForFunction(() => document.querySelector("#wizard fieldset.step").hidden);
	await fill(page, { ...job.values });
	await page.press(page.locator("#wizard .actions button[type=button]"));
	await page.waitForFunction(() => !document.querySelector("#wizard fieldset.step").hidden);
	seen.own = { step: await shown(page), typed: await valuesOf(page) };
	await page.press(send(page));
	await page.waitForFunction(() => document.querySelector("#wizard fieldset.step").hidden);
	await page.goBack();
	await page.waitForFunction(() => !document.querySelector("#wizard fieldset.step").hidden);
	seen.browser = { step: await shown(page), typed: await valuesOf(page) };
	await page.goForward();
	await page.waitForFunction(() => document.querySelector("#wizard fieldset.step").hidden);
	seen.dialogsBefore = [...page.conduct.dialogs];
	await page.reload();
	seen.reload = { step: await shown(page), typed: await valuesOf(page) };
	seen.dialogsReload = [...page.conduct.dialogs];
	return { ...seen, ...(await visitors.conduct(page)) };
}

// Away to another page with something typed, or nothing; and to the form again.
export async function abandon(visitors, job) {
	const page = await visitors.come(job);

	await fill(page, { ...job.values });
	await page.press(page.locator(".brand"));
	await page.waitForURL((url) => !url.pathname.endsWith("/anfrage"));
	const result = { away: true, dialogs: [...page.conduct.dialogs] };
	await page.goto(new URL(job.url, visitors.base).href);
	return { ...result, back: await valuesOf(page) };
}

// The page as it comes.
export async function look(visitors, job) {
	const page = await visitors.come(job);
	const result = {
		text: await page.locator("main").innerText(),
		values: await valuesOf(page),
		consent: (await page.locator(".consent label").innerText()).trim(),
		spoken: await spoken(page),
		violations: await violations(page),
		overflow: await overflow(page),
	};

	await picture(page, job.pictures?.replace("{n}", "first"));
	return { ...result, ...(await visitors.conduct(page)) };
}

// What the server refuses (job.field) is put right (job.right) where it stands.
export async function correct(visitors, job) {
	const page = await visitors.come(job);

	await complete(page, job);
	await page.press(send(page));
	await page.locator("#errors").waitFor();
	await page.waitForLoadState("load");
	const result = {
		step: await shown(page),
		error: await page.locator(`#e-${job.field}`).innerText(),
		typed: await valuesOf(page),
		violations: await violations(page),
	};
	await picture(page, job.pictures?.replace("{n}", "refused"));
	await age(page, job);
	await complete(page, { values: { [job.field]: job.right } });
	for (let n = await shown(page); n < (await page.locator("#wizard fieldset.step").count()) - 1; n += 1) {
		await page.press(send(page));
		await page.waitForFunction((step) => document.querySelectorAll("#wizard fieldset.step")[step].hidden, n);
	}
	await page.press(send(page));
	return { ...result, ...(await thanks(visitors, page, job)) };
}

// Up to the button, in three jobs: what happens between them is the test's.
export async function begin(visitors, job) {
	visitors.here = await visitors.come(job);
	await complete(visitors.here, job);
}

export async function sendInVain(visitors, job) {
	const page = visitors.here;
	const answer = page.waitForResponse((response) => response.url().endsWith("/api/ticket"));

	await page.press(send(page));
	await answer;
	// With a script the form says so itself, without one a page does that has what was typed.
	await page.locator("#wizard .notice, .kept").locator("visible=true").first().waitFor();
	await page.waitForLoadState("load");
	const result = {
		status: (await answer).status(),
		text: await page.locator("main").innerText(),
		kept: await typedIn(page, "main form"),
		overflow: await overflow(page),
	};
	await picture(page, job.pictures);
	return result;
}

export async function sendAgain(visitors) {
	const page = visitors.here;

	await page.press(page.locator("main form button[type=submit]"));
	return thanks(visitors, page, {});
}

// Sent with job.values only: what the form says about the others.
// What the server says of it is there only when the whole page is.
export async function err(visitors, job) {
	const page = await visitors.come(job);

	await fill(page, { ...job.values });
	// The browser's own bubbles would keep the form from being sent.
	await page.locator("#wizard").evaluate((form) => (form.noValidate = true));
	await page.press(send(page));
	await page.locator("#wizard [aria-invalid=true]").first().waitFor();
	await page.waitForLoadState("load");
	const result = {
		url: page.url(),
		errors: await page.evaluate(() => [...document.querySelectorAll("#wizard [aria-invalid=true]")].map((e) => ({
			name: e.name || e.querySelector("input").name,
			text: (e.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)
				.map((id) => document.getElementById(id)?.innerText ?? `no #${id}`).join(" "),
		}))),
		focus: await page.evaluate(() => document.activeElement.name || document.activeElement.id),
		typed: await valuesOf(page),
		violations: await violations(page),
	};
	await picture(page, job.pictures?.replace("{n}", "errors"));
	return { ...result, ...(await visitors.conduct(page)) };
}

// ---- photos ----

const chosen = (page) => page.locator(".photo-list li").evaluateAll((items) =>
	items.map((item) => item.querySelector("img")?.alt ?? item.querySelector(".photo-name").textContent));

// Photos with the request (job.files, but for job.remove), and more of them on the page of thanks.
export async function askWithPhotos(visitors, job) {
	const page = await visitors.come(job);
	const { summary, ...rest } = job.values;
	const posts = [];
	const problems = [];

	page.on("request", (request) => request.method() === "POST" && posts.push(new URL(request.url()).pathname));
	await complete(page, { ...job, pictures: null, values: { summary } });
	await page.locator("#wizard input[type=file]").setInputFiles(job.files);
	await page.waitForFunction((n) => document.querySelectorAll(".photo-list li").length === n, job.files.length);
	const previews = await chosen(page);
	await picture(page, job.pictures?.replace("{n}", "chosen"));
	problems.push(...(await violations(page)));
	await page.press(page.locator(".photo-list li").filter({ has: page.locator(`[alt="${job.remove}"]`) }).locator("button"));
	const kept = await chosen(page);
	await complete(page, { values: rest });
	await page.press(send(page));
	// What was refused is told before one goes on.
	const refused = page.locator(".photo-list li[data-state=refused]");

	await refused.waitFor();
	await page.locator(".photo-list li[data-state=sent]").waitFor();
	const result = { previews, kept, posts: [...posts], refused: await refused.innerText(), told: await page.locator("main").innerText() };
	await picture(page, job.pictures?.replace("{n}", "refused"));
	await page.press(send(page));
	await thanked(page);
	await page.waitForLoadState("load");

	await page.locator("#photos input[type=file]").setInputFiles(job.more);
	await page.press(page.locator("#photos .photo-send"));
	await page.locator("#photos .photo-list li[data-state=sent]").waitFor();
	result.states = await page.locator("#photos .photo-list li").evaluateAll((items) => items.map((item) => item.dataset.state));
	await picture(page, job.pictures?.replace("{n}", "thanks"));
	problems.push(...(await violations(page)));
	return { ...result, violations: problems, overflow: await overflow(page), ...(await visitors.conduct(page)) };
}

// One photo by the plain form of the page of thanks.
export async function askThenPhoto(visitors, job) {
	const page = await visitors.come(job);

	await complete(page, { ...job, pictures: null });
	await page.press(send(page));
	await thanked(page);
	await page.locator("#photo").setInputFiles(job.file);
	await page.press(page.locator("#photos form button"));
	await page.locator("[role=status]").waitFor();
	await page.waitForLoadState("load");
	const result = { text: await page.locator("main").innerText(), overflow: await overflow(page) };
	await picture(page, job.pictures?.replace("{n}", "sent"));
	await page.press(page.locator(".photo-back a"));
	await thanked(page);
	return { ...result, back: page.url(), ...(await visitors.conduct(page)) };
}
