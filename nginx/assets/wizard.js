// wizard.js - makes steps of the request form that works without it
//
// What was typed stays in this tab until it was sent, under a key of its own: however often it is tried, one ticket
// comes of it.

import { photosOf } from "./wizard_photos.js";

let forget = () => {}; // takes away the listeners of the form before

// Private windows may have no room; the form works all the same.
function attempt(does) {
	try {
		return does();
	} catch {
		return null;
	}
}

const store = {
	read: (name) => attempt(() => JSON.parse(sessionStorage.getItem(name))) || {},
	write: (name, value) => attempt(() => sessionStorage.setItem(name, JSON.stringify(value))),
	remove: (name) => attempt(() => sessionStorage.removeItem(name)),
};

// Whoever leaves with something unsent is asked. Only then: a page with this listener is not kept for the way back.
const warn = (event) => event.preventDefault();

function guard(isUnsent) {
	removeEventListener("beforeunload", warn);
	if (isUnsent)
		addEventListener("beforeunload", warn);
}

function element(tag, properties, ...children) {
	const made = Object.assign(document.createElement(tag), properties);
	made.append(...children);
	return made;
}

// randomUUID() is for https only; a trial installation has none.
function newKey() {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

const isTicked = (e) => e.type === "radio" || e.type === "checkbox";

function bodyOf(form) {
	return new URLSearchParams(new FormData(form)).toString();
}

// ---- errors at the field ----

// The server knows better; this spares the way to it.
const looksRight = { email: /^[^\s@]+@[^\s@]+\.[^\s@]+$/, tel: /\d.*\d.*\d/ };

// What a message stands at: the group of a choice, else the field itself.
function holderOf(input) {
	return input.type === "radio" ? input.closest("[role=radiogroup]") : input;
}

function faultOf(input, form) {
	const { missing, oneOf, wrong } = holderOf(input).dataset;
	const value = input.value.trim();

	if (input.type === "radio")
		return missing && !form.querySelector(`[name="${input.name}"]:checked`) ? missing : "";
	if (input.type === "checkbox")
		return missing && !input.checked ? missing : "";
	if (missing && !value)
		return missing;
	if (oneOf && ![...form.querySelectorAll("[data-one-of]")].some((other) => other.value.trim()))
		return oneOf;
	if (wrong && value && !looksRight[input.type].test(value))
		return wrong;
	return "";
}

function showFault(input, text) {
	const holder = holderOf(input);
	const id = "e-" + input.name;
	const others = (holder.getAttribute("aria-describedby") || "").split(" ").filter((part) => part && part !== id);

	document.getElementById(id)?.remove();
	if (text) {
		const message = element("p", { className: "error", id, textContent: text });

		if (holder.tagName === "FIELDSET")
			holder.querySelector("legend").after(message);
		else
			holder.closest(".field").querySelector(input.type === "checkbox" ? "label" : "input, textarea").before(message);
		holder.setAttribute("aria-invalid", "true");
		others.push(id);
	} else {
		holder.removeAttribute("aria-invalid");
	}
	if (others.length)
		holder.setAttribute("aria-describedby", others.join(" "));
	else
		holder.removeAttribute("aria-describedby");
}

// The first field within part that is wrong, every one having been told so.
function firstFault(part, form) {
	const seen = new Set();
	let first = null;

	for (const input of part.querySelectorAll("input, textarea")) {
		if (seen.has(input.name))
			continue;
		seen.add(input.name);
		const text = faultOf(input, form);
		showFault(input, text);
		if (text && !first)
			first = input;
	}
	return first;
}

// ---- the steps ----

function begin(form) {
	const words = form.dataset;
	const kept = `anfrage ${form.elements.customer_slug.value} ${form.elements.flow.value}`;
	const steps = [...form.querySelectorAll("fieldset.step")];
	const button = form.querySelector("button[type=submit]");
	const actions = button.parentElement;
	const label = button.textContent;
	const listeners = new AbortController();
	const on = (target, event, does) => target.addEventListener(event, does, { signal: listeners.signal });
	const progress = element("p", { className: "progress" });
	const bar = element("progress", { max: steps.length });
	const back = element("button", { type: "button", className: "button plain", textContent: words.back });
	const notice = element("p", { className: "error notice", hidden: true });
	const photos = photosOf(form, () => guard(!thanks));
	let thanks; // where to go once it was sent
	let current = 0;
	let isSending = false;

	forget();
	forget = () => listeners.abort();

	const typed = () => [...form.elements].filter((e) => e.name && e.type !== "hidden" && e.name !== "website");

	function remember(more) {
		const fields = {};

		for (const e of typed())
			if (isTicked(e))
				fields[e.name] = e.checked ? e.value : fields[e.name] || "";
			else
				fields[e.name] = e.value;
		store.write(kept, { ...store.read(kept), fields, ...more });
	}

	// What the page brought along (a number, a choice, what was corrected) is newer.
	function recall() {
		const { fields = {}, token } = store.read(kept);
		const brought = new Set(typed().filter((e) => (isTicked(e) ? e.checked : e.value)).map((e) => e.name));

		for (const e of typed()) {
			if (brought.has(e.name) || !fields[e.name])
				continue;
			if (isTicked(e))
				e.checked = e.value === fields[e.name];
			else
				e.value = fields[e.name];
			guard(true);
		}
		// What was sent without an answer is sent again as it was.
		if (token && form.elements.form_token)
			form.elements.form_token.value = token;
	}

	function show(n, focus) {
		current = Math.max(0, Math.min(n, steps.length - 1));
		steps.forEach((step, i) => (step.hidden = i !== current));
		progress.textContent = words.step.replace("{n}", current + 1).replace("{of}", steps.length);
		bar.value = current + 1;
		back.hidden = current === 0;
		button.textContent = current < steps.length - 1 ? words.next : label;
		notice.hidden = true;
		if (!focus)
			return;
		const heading = steps[current].querySelector("h2");
		heading.focus({ preventScroll: true });
		form.scrollIntoView();
	}

	function stepOf(input) {
		return steps.findIndex((step) => step.contains(input));
	}

	function go(n, focus) {
		history.pushState({ step: n, from: current }, "");
		show(n, focus);
	}

	function goTo(input) {
		if (stepOf(input) !== current)
			go(stepOf(input));
		input.focus();
	}

	function say(text) {
		notice.textContent = text;
		notice.hidden = false;
		button.textContent = words.retry;
	}

	function busy(is) {
		isSending = is;
		button.disabled = is;
		back.disabled = is;
		form.setAttribute("aria-busy", is);
		if (is)
			button.textContent = words.sending;
	}

	async function send() {
		const body = bodyOf(form);
		let { key, keyOf } = store.read(kept);

		// Another text is another request; the same one must stay the same.
		if (!key || keyOf !== body) {
			key = newKey();
			keyOf = body;
			remember({ key, keyOf, token: form.elements.form_token?.value });
		}
		notice.hidden = true;
		busy(true);
		try {
			const answer = await fetch(form.action, {
				method: "POST",
				body,
				headers: { "Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key },
				signal: AbortSignal.timeout?.(30000),
			});
			const html = await answer.text();

			if (answer.ok) {
				guard(false);
				store.remove(kept);
				thanks = answer.url;
				// Who does not want to wait for them goes on, and who was told why one was refused.
				if (photos.count() > 0) {
					button.disabled = false;
					button.textContent = words.next;
					if (!(await photos.send(html).catch(() => true)))
						return;
				}
				location.assign(thanks);
				return;
			}
			busy(false);
			if (answer.status === 422 && correct(html))
				return;
			say(words.later);
		} catch {
			busy(false);
			say(words.offline);
		}
	}

	// The page with what is wrong takes the place of this one.
	function correct(html) {
		const main = new DOMParser().parseFromString(html, "text/html").querySelector("main");
		const next = main?.querySelector("#wizard");

		if (!next)
			return false;
		document.querySelector("main").replaceWith(main);
		begin(next);
		document.getElementById("errors")?.focus();
		return true;
	}

	on(form, "submit", (event) => {
		event.preventDefault();
		if (thanks)
			location.assign(thanks);
		if (isSending)
			return;
		const isLast = current === steps.length - 1;
		const wrong = firstFault(isLast ? form : steps[current], form);

		if (wrong) {
			goTo(wrong);
		} else if (isLast) {
			send();
		} else {
			remember();
			go(current + 1, true);
		}
	});
	on(form, "input", (event) => {
		guard(true);
		if (event.target.name && holderOf(event.target).getAttribute("aria-invalid") && !faultOf(event.target, form))
			showFault(event.target, "");
		remember();
	});
	// The browser's own way back is the same, where it leads to the step before.
	on(back, "click", () => (history.state?.from === current - 1 ? history.back() : go(current - 1, true)));
	// A page that comes back as it was left is still sending.
	on(window, "pageshow", (event) => event.persisted && location.reload());
	on(window, "popstate", (event) => {
		if (!isSending)
			show(event.state?.step ?? 0, true);
	});
	// A link of the list of errors leads into a step that may be hidden.
	for (const link of document.querySelectorAll("#errors a"))
		on(link, "click", (event) => {
			const input = document.getElementById(link.hash.slice(1));

			event.preventDefault();
			if (input)
				goTo(input);
		});

	form.noValidate = true;
	progress.setAttribute("aria-live", "polite");
	bar.setAttribute("aria-hidden", "true");
	notice.setAttribute("role", "alert");
	if (steps.length > 1)
		form.prepend(progress, bar);
	actions.prepend(notice);
	actions.append(back);
	recall();

	const wrong = form.querySelector("[aria-invalid]");

	if (wrong)
		history.replaceState({ step: stepOf(wrong) }, "");
	else if (history.state?.step === undefined)
		history.replaceState({ step: 0 }, "");
	show(history.state.step);
}

const form = document.getElementById("wizard");

if (form)
	begin(form);
