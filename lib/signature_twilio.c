/*
 * signature_twilio - X-Twilio-Signature: was this request made by Twilio?
 */
#include "signature_twilio.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "digest.h"
#include "form.h"
#include "problem.h"

/* By name, then by value, each in the order of its bytes. */
static int
pair_compare(const void *a, const void *b)
{
	const struct form_pair *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name != 0 ? by_name : strcmp(x->value, y->value);
}

/* All that came, since fields may be added at any time; a pair that stands
 * twice once. */
static void
fields_add(struct buf *b, const struct form *form)
{
	struct form_pair *sorted;

	if (form == NULL || form->count == 0)
		return;
	sorted = arena_alloc(b->arena, form->count * sizeof(*sorted));
	memcpy(sorted, form->pairs, form->count * sizeof(*sorted));
	qsort(sorted, form->count, sizeof(*sorted), pair_compare);
	for (size_t i = 0; i < form->count; i++) {
		if (i > 0 && pair_compare(&sorted[i - 1], &sorted[i]) == 0)
			continue;
		buf_str(b, sorted[i].name);
		buf_str(b, sorted[i].value);
	}
}

/* The ":8443" of "https://host:8443"; where it would stand if it is not there.
 */
static const char *
port_of(const char *base, size_t *len)
{
	const char *host = strstr(base, "://");
	const char *end, *port = NULL;

	host = host == NULL ? base : host + strlen("://");
	end = host + strcspn(host, "/?#");
	for (const char *c = host; c < end; c++) {
		/* A colon before it belongs to an IPv6 address, or a name. */
		if (*c == ']' || *c == '@')
			port = NULL;
		else if (*c == ':')
			port = c;
	}
	if (port == NULL)
		port = end;
	*len = (size_t)(end - port);
	return port;
}

static const char *
base_with_port(struct arena *a, const char *base, bool with_port)
{
	size_t len;
	const char *port = port_of(base, &len);
	const char *fallback = strncmp(base, "https:", 6) == 0 ? ":443" : ":80";

	if (with_port && len > 0)
		return base;
	return arena_printf(a, "%.*s%s%s", (int)(port - base), base,
	    with_port ? fallback : "", port + len);
}

/* As Node's querystring writes it. */
static void
coded_add(struct buf *b, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-_.!~*'()";

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_char(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

/* Values of one name stand where its first stood. */
static void
name_add(struct buf *b, const struct form *query, size_t first)
{
	const char *name = query->pairs[first].name;

	for (size_t i = 0; i < first; i++)
		if (strcmp(query->pairs[i].name, name) == 0)
			return;
	for (size_t i = first; i < query->count; i++) {
		if (strcmp(query->pairs[i].name, name) != 0)
			continue;
		if (b->len > 0)
			buf_char(b, '&');
		coded_add(b, name);
		buf_char(b, '=');
		coded_add(b, query->pairs[i].value);
	}
}

/* The address with its query decoded and coded again; as it is without one. */
static const char *
coded_anew(struct arena *a, const char *uri, const struct form *query)
{
	struct buf b;

	if (query->count == 0)
		return uri;
	buf_init(&b, a);
	for (size_t i = 0; i < query->count; i++)
		name_add(&b, query, i);
	return arena_printf(a, "%.*s?%s", (int)strcspn(uri, "?"), uri, b.text);
}

static bool
is_signed_as(struct arena *a, const struct signature_twilio *s,
    const char *auth_token, const char *uri, bool with_port)
{
	struct buf b;

	buf_init(&b, a);
	buf_str(&b, base_with_port(a, s->base, with_port));
	buf_str(&b, uri);
	fields_add(&b, s->form);
	return digest_equal(digest_hmac_sha1(auth_token, b.text).text, s->text);
}

/* A body that is no form, and any where the query says so. */
static bool
body_fits(struct signature_twilio *s, const struct form *query)
{
	const char *wanted = form_value(query, "bodySHA256");

	if (wanted == NULL)
		return s->form != NULL || s->body_len == 0;
	s->form = NULL;
	return digest_equal(digest_sha256(s->body, s->body_len).text, wanted);
}

bool
signature_twilio_fits(
    struct arena *a, const struct signature_twilio *s, const char *auth_token)
{
	struct signature_twilio request = *s;
	const char *search = strchr(s->uri, '?');
	struct form query = { NULL, 0 };
	struct problem unread;
	const char *anew;

	/* HMAC takes an empty key, and anybody has that. */
	if (*auth_token == '\0' || *s->text == '\0')
		return false;
	if (search != NULL &&
	    form_parse(&query, a, search + 1, strlen(search + 1), &unread) != 0)
		query.count = 0;
	if (!body_fits(&request, &query))
		return false;
	anew = coded_anew(a, s->uri, &query);
	return is_signed_as(a, &request, auth_token, s->uri, false) ||
	       is_signed_as(a, &request, auth_token, s->uri, true) ||
	       is_signed_as(a, &request, auth_token, anew, false) ||
	       is_signed_as(a, &request, auth_token, anew, true);
}
