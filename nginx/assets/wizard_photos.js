// wizard_photos.js - photos that are chosen while the request is written, and sent once there is a ticket
//
// Nobody in an emergency waits for them: the request has been taken before the first one leaves.

import { choose, send } from "./photos.js";

// Where the form has a place for them; onChange is called when some are chosen. send(html) sends them to the ticket
// that html, the page of thanks, is about, and shows them above the form's buttons meanwhile; did all of them arrive?
export function photosOf(form, onChange) {
	const place = form.querySelector("[data-choose]");

	if (!place)
		return { count: () => 0, send: async () => true };
	const chosen = choose(place, place.dataset, onChange);

	place.hidden = false;
	return {
		count: () => chosen.files.length,
		async send(html) {
			const page = new DOMParser().parseFromString(html, "text/html");
			const to = page.querySelector("#photos form");
			const progress = form.querySelector(".progress");

			if (!to)
				return true;
			// What matters most is said at once: the request is there.
			if (progress)
				progress.textContent = page.querySelector("h1").textContent;
			form.querySelector(".actions").before(place);
			const outcome = await send(chosen.files, {
				action: to.getAttribute("action"),
				ticketId: to.elements.ticket_id.value,
				token: to.elements.photo_token.value,
			}, chosen.show);
			return [...outcome.values()].every((end) => end === "sent");
		},
	};
}
