// photos.js - photos for a ticket: chosen with a preview, sent one after the other with progress
//
// Without this module nginx/pages/photos.mustache is a plain form for one photo at a time. With it the form
// becomes a list of small pictures; each is sent until it has arrived or was refused. The wizard lets photos be
// chosen before there is a ticket, and sends them after.
//
// Words come from data-photo-... attributes (photos.mustache): words.photoAdd is data-photo-add.

const most = 5;
const mostBytes = 10 * 1024 * 1024;
const accept = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif";

// Nothing moved for so long: the connection is dead, whatever the browser believes.
const stalledAfter = 45_000;
// Seconds between tries; a photo that did arrive is not stored twice.
const pauses = [1, 2, 4, 8, 15, 30];

// What the server's refusals are in our words, by the type of its problem document.
const refusals = {
	"too-large": "photoLarge",
	"photo-unreadable": "photoKind",
	"photo-pixels": "photoPixels",
	"photo-full": "photoMany",
	"field-missing": "photoEmpty",
	"link-expired": "photoLate",
	"ticket-unknown": "photoLate",
	"forbidden": "photoLate",
};

function element(tag, properties, ...children) {
	const made = Object.assign(document.createElement(tag), properties);
	made.append(...children);
	return made;
}

// ---- choosing ----

// A file's picture; HEIC is shown by few browsers, and then its name has to do.
function preview(file) {
	const url = URL.createObjectURL(file);
	const image = element("img", { alt: file.name, src: url });

	image.addEventListener("load", () => URL.revokeObjectURL(url), { once: true });
	image.addEventListener("error", () => {
		URL.revokeObjectURL(url);
		image.replaceWith(element("span", { className: "photo-name", textContent: file.name }));
	}, { once: true });
	return image;
}

function same(a, b) {
	return a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;
}

// A list of chosen photos in container, which is emptied. Its .files are those that were chosen and not removed;
// onChange, if given, is called when they change. show(file, state, share) is for send().
export function choose(container, words, onChange = () => {}) {
	const files = [];
	const items = new Map();
	const list = element("ul", { className: "photo-list" });
	const input = element("input", { type: "file", accept, multiple: true, className: "sr" });
	const add = element("label", { className: "button plain photo-add" }, words.photoAdd, input);
	const say = element("p", { className: "photo-say" });
	let left = most;

	say.setAttribute("role", "status");

	function settle() {
		add.hidden = files.length >= left;
		onChange(files);
	}

	function drop(file) {
		if (files.includes(file))
			files.splice(files.indexOf(file), 1);
	}

	function remove(file) {
		drop(file);
		items.get(file).remove();
		items.delete(file);
		settle();
	}

	function take(file) {
		const button = element("button", { type: "button", className: "photo-remove", textContent: words.photoRemove });
		const item = element("li", {}, preview(file), element("progress", { max: 1, value: 0, hidden: true }),
			element("p", { className: "photo-state" }), button);

		button.setAttribute("aria-label", `${words.photoRemove}: ${file.name}`);
		item.querySelector("progress").setAttribute("aria-label", file.name);
		button.addEventListener("click", () => {
			remove(file);
			input.focus();
		});
		items.set(file, item);
		list.append(item);
		files.push(file);
	}

	input.addEventListener("change", () => {
		const faults = new Set();

		for (const file of input.files) {
			if (files.some((other) => same(file, other)))
				continue;
			if (files.length >= left)
				faults.add(words.photoMany);
			else if (file.size === 0)
				faults.add(words.photoEmpty);
			else if (file.size > mostBytes)
				faults.add(words.photoLarge);
			else if (file.type && !file.type.startsWith("image/"))
				faults.add(words.photoKind);
			else
				take(file);
		}
		input.value = ""; // the same one may be chosen again
		say.textContent = [...faults].join(" ");
		settle();
	});

	function show(file, state, share) {
		const item = items.get(file);
		const bar = item.querySelector("progress");
		const isFine = state in states;

		item.dataset.state = isFine ? state : "refused";
		bar.hidden = state !== "sending";
		bar.value = share;
		item.querySelector(".photo-state").textContent = words[isFine ? states[state] : state] ?? "";
		item.querySelector("button").hidden = isFine;
		// What was refused would be so again; it stays to be seen, with the reason.
		if (state === "sent" || (!isFine && state !== "photoFailed"))
			drop(file);
		if (state === "sent")
			left--;
		settle();
	}

	container.replaceChildren(list, add, say);
	return { files, show, say: (text) => { say.textContent = text; } };
}

// What happens to a photo that was not refused, and the word for it.
const states = { sending: "photoSending", waiting: "photoWaiting", sent: "photoSent" };

// ---- sending ----

const pause = (seconds) => new Promise((resolve) => {
	const timer = setTimeout(done, seconds * 1000);

	function done() {
		clearTimeout(timer);
		removeEventListener("online", done);
		resolve();
	}
	addEventListener("online", done);
});

// One try: { status, type, retryAfter }; status 0 if there was no answer.
function post(file, { action, ticketId, token }, onShare) {
	return new Promise((resolve) => {
		const request = new XMLHttpRequest();
		const form = new FormData();
		let stalled;

		const moved = () => {
			clearTimeout(stalled);
			stalled = setTimeout(() => request.abort(), stalledAfter);
		};
		form.append("ticket_id", ticketId);
		form.append("photo_token", token);
		form.append("photo", file);
		request.upload.addEventListener("progress", (event) => {
			moved();
			onShare(event.total ? event.loaded / event.total : 0);
		});
		request.addEventListener("loadend", () => {
			clearTimeout(stalled);
			let problem = {};
			try {
				problem = JSON.parse(request.responseText);
			} catch {
				// no document: the status has to do
			}
			resolve({
				status: request.status,
				type: String(problem.type ?? "").split(":").pop(),
				retryAfter: Number(request.status && request.getResponseHeader("Retry-After")) || 0,
			});
		});
		request.open("POST", action);
		request.setRequestHeader("Accept", "application/json");
		moved();
		request.send(form);
	});
}

const mayPass = (status) => status === 0 || status === 429 || status >= 500;

// Until it has arrived, was refused, or did not get through: the name of the state or of the word for it.
async function deliver(file, to, onShare) {
	for (let tries = 0; ; tries++) {
		onShare("sending", 0);
		const answer = await post(file, to, (share) => onShare("sending", share));

		if (answer.status === 200 || answer.status === 201)
			return "sent";
		if (!mayPass(answer.status))
			return refusals[answer.type] ?? (answer.status === 413 ? "photoLarge" : "photoFailed");
		if (tries === pauses.length)
			return "photoFailed";
		onShare("waiting", 0);
		await pause(Math.max(answer.retryAfter, pauses[tries]));
	}
}

// Sends the files one after the other to { action, ticketId, token }. onProgress(file, state, share) is called as
// it goes on: state is "sending" with the share from 0 to 1, "waiting" before another try, "sent", or the name of
// the word for why not (photoLarge, ...; photoFailed: it may be tried again). Resolves to the same by file.
export async function send(files, to, onProgress = () => {}) {
	const outcome = new Map();

	for (const file of [...files]) {
		const end = await deliver(file, to, (state, share) => onProgress(file, state, share));
		outcome.set(file, end);
		onProgress(file, end, 1);
	}
	return outcome;
}

// ---- the form of a page that has one ----

// Makes the list of the plain form in a [data-photos]. For whoever puts one into the page later.
export function enhance(section) {
	const words = section.dataset;
	const form = section.querySelector("form");
	const box = element("div", { className: "photo-box" });
	const button = element("button", { type: "button", className: "button call photo-send", textContent: words.photoSend, hidden: true });
	const to = {
		action: form.getAttribute("action"),
		ticketId: form.elements.ticket_id.value,
		token: form.elements.photo_token.value,
	};
	let isSending = false;
	const chooser = choose(box, words, (files) => {
		button.hidden = isSending || files.length === 0;
	});

	button.addEventListener("click", async () => {
		isSending = true;
		button.hidden = true;
		chooser.say("");
		const outcome = await send(chooser.files, to, chooser.show);
		isSending = false;
		const sent = [...outcome.values()].filter((end) => end === "sent").length;
		chooser.say(sent === outcome.size ? words.photoThanks : "");
		button.textContent = words.photoRetry;
		button.hidden = chooser.files.length === 0;
	});
	form.replaceWith(box, button);
}

for (const section of document.querySelectorAll("[data-photos]"))
	enhance(section);
