/*
 * thanks - the signed address of the page of thanks
 */
#include "thanks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "form.h"
#include "problem.h"
#include "secret.h"

#define PURPOSE "thanks"
#define MAC_LEN (sizeof(((struct secret_mac *)0)->text) - 1)

static const char mac_name[] = "&m=";

static const char *
signed_text(struct arena *a, const char *slug, const char *query, size_t len)
{
	return arena_printf(a, "%s %.*s", slug, (int)len, query);
}

const char *
thanks_query(struct arena *a, const char *slug, const struct thanks *thanks)
{
	struct secret_mac mac;
	struct problem ignored;
	struct buf b;

	buf_init(&b, a);
	buf_printf(&b, "n=%ld&t=%s&d=%lld&c=%d&u=%d", thanks->number,
	    thanks->ticket_id, (long long)(thanks->due.us / CLOCK_SECOND),
	    (int)thanks->message, thanks->is_urgent ? 1 : 0);
	if (thanks->intent != NULL)
		form_add(&b, "i", thanks->intent);
	if (secret_sign(&mac, PURPOSE, signed_text(a, slug, b.text, b.len),
		&ignored) != 0)
		return "";
	buf_printf(&b, "%s%s", mac_name, mac.text);
	return b.text;
}

static long long
number_of(const struct form *f, const char *name)
{
	const char *text = form_value(f, name);

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

bool
thanks_read(
    struct thanks *out, struct arena *a, const char *slug, const char *query)
{
	const char *mac = strstr(query, mac_name);
	size_t len = mac == NULL ? 0 : (size_t)(mac - query);
	struct problem ignored;
	struct form f;

	memset(out, 0, sizeof(*out));
	if (mac == NULL ||
	    !secret_is_signed(arena_strndup(a, mac + strlen(mac_name),
				  strnlen(mac + strlen(mac_name), MAC_LEN)),
		PURPOSE, signed_text(a, slug, query, len)) ||
	    form_parse(&f, a, query, len, &ignored) != 0)
		return false;
	/* We wrote it: what is signed has all its parts. */
	out->number = (long)number_of(&f, "n");
	out->ticket_id = form_value(&f, "t");
	out->due.us = number_of(&f, "d") * CLOCK_SECOND;
	out->message = (enum thanks_message)number_of(&f, "c");
	out->is_urgent = number_of(&f, "u") != 0;
	out->intent = form_value(&f, "i");
	return out->ticket_id != NULL;
}
