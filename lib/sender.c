/*
 * sender - who sends a webhook's request, and what it is believed about
 */
#include "sender.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "dialect.h"
#include "digest.h"
#include "log.h"
#include "network.h"
#include "problem.h"
#include "provider.h"
#include "roster.h"
#include "route.h"
#include "secret.h"
#include "signature_twilio.h"
#include "token.h"

/* As long as a firm is kept (tenant.c), and as many. */
#define CACHE_AGE_US (5 * CLOCK_SECOND)
#define CACHE_SLOTS 64

/* Twilio's have 32 characters. */
#define AUTH_TOKEN_SIZE 200

/* Whose a token is. One that is nobody's is not kept. */
static struct token_slot {
	char hash[65];
	char customer_id[37];
	char slug[61];
	int64_t read_at_us;
} tokens[CACHE_SLOTS];

/* What a firm has of its own. */
static struct trust_slot {
	char customer_id[37];
	bool is_set;                  /* is there anything? */
	char twilio[AUTH_TOKEN_SIZE]; /* "" for none */
	int64_t read_at_us;
} trusts[CACHE_SLOTS];

static bool
is_fresh(int64_t read_at_us)
{
	return read_at_us != 0 && clock_ticks_us() - read_at_us < CACHE_AGE_US;
}

/* The networks of a dialect, "kannel=127.0.0.1,::1"; NULL if it has none. */
static const char *
networks_of(const char *dialect, size_t *len)
{
	const char *word = config_get(CONFIG_WEBHOOK_NETWORKS);
	size_t name_len = strlen(dialect);

	for (; *word != '\0'; word += strcspn(word, " ")) {
		word += strspn(word, " ");
		if (strncmp(word, dialect, name_len) != 0 ||
		    word[name_len] != '=')
			continue;
		word += name_len + 1;
		*len = strcspn(word, " ");
		return word;
	}
	return NULL;
}

int
sender_networks_check(struct problem *why)
{
	const char *word = config_get(CONFIG_WEBHOOK_NETWORKS);
	char name[16];
	size_t len, name_len;

	for (; *word != '\0'; word += len) {
		word += strspn(word, " ");
		len = strcspn(word, " ");
		name_len = strcspn(word, "= ");
		(void)snprintf(name, sizeof(name), "%.*s", (int)name_len, word);
		if (len == 0 ||
		    (word[name_len] == '=' && dialect_find(name) != NULL &&
			network_list_is_valid(
			    word + name_len + 1, len - name_len - 1)))
			continue;
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "WEBHOOK_NETWORKS: \"%.*s\" is not a dialect, '=' and "
		    "networks",
		    (int)len, word);
	}
	return 0;
}

/* "user:password" in Base64, of which the password counts. */
static const char *
basic_password(const struct request *req)
{
	static const char scheme[] = "Basic ";
	const char *text, *colon;

	if (strncasecmp(req->authorization, scheme, strlen(scheme)) != 0)
		return NULL;
	text = digest_unbase64(req->arena, req->authorization + strlen(scheme));
	colon = text == NULL ? NULL : strchr(text, ':');
	return colon == NULL ? "" : colon + 1;
}

static const char *
token_shown(const struct sender *s, const struct request *req)
{
	const char *bearer = route_bearer(req);

	if (s->token != NULL)
		return s->token;
	return bearer != NULL ? bearer : basic_password(req);
}

static struct token_slot *
token_slot_find(const char *hash)
{
	struct token_slot *oldest = &tokens[0];

	for (int i = 0; i < CACHE_SLOTS; i++) {
		if (strcmp(tokens[i].hash, hash) == 0)
			return &tokens[i];
		if (tokens[i].read_at_us < oldest->read_at_us)
			oldest = &tokens[i];
	}
	return oldest;
}

/* NULL in *out for a token that is nobody's, or for another purpose. */
static int
token_look_up(const struct token_slot **out, const char *hash,
    const struct request *req, struct problem *why)
{
	struct token_slot *slot = token_slot_find(hash);
	struct clock_text now = clock_text(req->now);
	struct stmt_token_tenant params = { .hash = hash, .now = now.text };
	struct db_batch *b;

	*out = slot;
	if (strcmp(slot->hash, hash) == 0 && is_fresh(slot->read_at_us))
		return 0;
	*out = NULL;
	b = db_batch_untenanted(req->db, req->arena);
	db_queue(b, STMT_TOKEN_TENANT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	slot->read_at_us = 0;
	if (db_rows(b, 0) == 0 ||
	    strcmp(db_get(b, 0, 0, "scope"), TOKEN_SCOPE_WEBHOOK) != 0)
		return 0;
	(void)snprintf(slot->hash, sizeof(slot->hash), "%s", hash);
	(void)snprintf(slot->customer_id, sizeof(slot->customer_id), "%s",
	    db_get(b, 0, 0, "customer_id"));
	(void)snprintf(
	    slot->slug, sizeof(slot->slug), "%s", db_get(b, 0, 0, "slug"));
	slot->read_at_us = clock_ticks_us();
	*out = slot;
	return 0;
}

/* "<customer_id> <slug>" of the roster. */
static void
firm_split(struct sender_firm *out, struct arena *a, const char *line)
{
	size_t len = strcspn(line, " ");

	out->customer_id = arena_strndup(a, line, len);
	out->slug = line + len + (line[len] == ' ');
}

int
sender_firm_find(struct sender_firm *out, const struct request *req,
    const char *channel, const char *e164, struct problem *why)
{
	struct arena *a = req->arena;
	const char *line;

	*out = (struct sender_firm){ 0 };
	if (roster_find(&line, a, arena_printf(a, "%s:%s", channel, e164),
		db_answered_us(req->db), why) != 0)
		return -1;
	if (line != NULL)
		firm_split(out, a, line);
	return 0;
}

/* One that is not in the roster may be newer than it. */
static int
token_remember(struct sender *s, const struct request *req, const char *hash,
    struct problem *why)
{
	struct sender_firm firm;

	if (sender_firm_find(&firm, req, "token", hash, why) != 0)
		return -1;
	if (firm.customer_id == NULL)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be asked about this token");
	s->kind = SENDER_OF_FIRM;
	s->customer_id = firm.customer_id;
	s->slug = firm.slug;
	s->reason = "token_of_another";
	return 0;
}

static int
token_read(struct sender *s, const struct request *req, const char *token,
    struct problem *why)
{
	const char *ours = config_get(CONFIG_WEBHOOK_TOKEN);
	const struct token_slot *slot;
	struct digest_hex hash;

	if (*ours != '\0' && digest_equal(token, ours)) {
		s->kind = SENDER_OF_INSTALLATION;
		return 0;
	}
	hash = digest_sha256(token, strlen(token));
	if (s->is_remembered)
		return token_remember(s, req, hash.text, why);
	if (token_look_up(&slot, hash.text, req, why) != 0)
		return -1;
	s->reason = "wrong_token";
	if (slot == NULL)
		return 0;
	s->kind = SENDER_OF_FIRM;
	s->customer_id = arena_strdup(req->arena, slot->customer_id);
	s->slug = arena_strdup(req->arena, slot->slug);
	s->reason = "token_of_another";
	return 0;
}

static bool
is_signed(
    const struct sender *s, const struct request *req, const char *auth_token)
{
	struct signature_twilio signature = {
		.text = req->twilio_signature,
		.base = config_get(CONFIG_APP_BASE_URL),
		.uri = req->uri,
		.form = s->form,
		.body = req->method == HTTP_POST ? req->body : "",
		.body_len = req->method == HTTP_POST ? req->body_len : 0,
	};

	return signature_twilio_fits(req->arena, &signature, auth_token);
}

/* It was believed when it came. */
static void
known_take(struct sender *s, const struct sender_firm *known)
{
	bool is_firm = known->customer_id != NULL;

	s->kind = is_firm ? SENDER_OF_FIRM : SENDER_OF_INSTALLATION;
	s->customer_id = known->customer_id;
	s->slug = known->slug;
	s->reason = "token_of_another";
}

int
sender_read(struct sender *s, const struct request *req, struct problem *why)
{
	const char *token = token_shown(s, req);
	const char *networks;
	size_t len;

	s->kind = SENDER_UNKNOWN;
	s->reason = "no_credential";
	if (req->known != NULL) {
		known_take(s, req->known);
		return 0;
	}
	networks = networks_of(s->dialect, &len);
	if (networks != NULL && !network_list_has(networks, len, req->client)) {
		s->reason = "foreign_network";
		return 0;
	}
	if (strcmp(s->dialect, dialect_twilio.name) == 0 &&
	    *req->twilio_signature != '\0') {
		s->reason = "wrong_signature";
		s->has_signature = true;
		if (is_signed(s, req, config_get(CONFIG_TWILIO_AUTH_TOKEN))) {
			s->kind = SENDER_OF_INSTALLATION;
			return 0;
		}
	}
	return token == NULL ? 0 : token_read(s, req, token, why);
}

static struct trust_slot *
trust_slot_find(const char *customer_id)
{
	struct trust_slot *oldest = &trusts[0];

	for (int i = 0; i < CACHE_SLOTS; i++) {
		if (strcmp(trusts[i].customer_id, customer_id) == 0)
			return &trusts[i];
		if (trusts[i].read_at_us < oldest->read_at_us)
			oldest = &trusts[i];
	}
	return oldest;
}

/* What cannot be opened vouches for nobody: the request is kept. */
static void
twilio_open(struct trust_slot *slot, struct arena *a,
    const struct sender_firm *firm, const char *box)
{
	const char *place =
	    arena_printf(a, "%s twilio.auth_token", firm->customer_id);
	const char *opened;
	struct problem why;

	slot->twilio[0] = '\0';
	if (box == NULL)
		return;
	if (secret_open(&opened, a, place, box, &why) != 0) {
		log_error("tenant %s: its secret twilio.auth_token: %s",
		    firm->slug, why.detail);
		return;
	}
	if (strlen(opened) >= sizeof(slot->twilio)) {
		log_error("tenant %s: its secret twilio.auth_token is too long",
		    firm->slug);
		return;
	}
	(void)snprintf(slot->twilio, sizeof(slot->twilio), "%s", opened);
}

/* "t <box>" or "f -" of the roster. */
static int
trust_remember(const struct trust_slot **out, const struct sender_firm *firm,
    const struct request *req, struct problem *why)
{
	static struct trust_slot remembered;
	struct arena *a = req->arena;
	const char *line, *box;

	*out = &remembered;
	if (roster_find(&line, a,
		arena_printf(a, "trust:%s", firm->customer_id),
		db_answered_us(req->db), why) != 0)
		return -1;
	if (line == NULL || strlen(line) < 3)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be asked about this firm");
	box = strcmp(line + 2, "-") == 0 ? NULL : line + 2;
	remembered.is_set = line[0] == 't' || box != NULL;
	twilio_open(&remembered, a, firm, box);
	return 0;
}

static int
trust_look_up(const struct trust_slot **out, const struct sender_firm *firm,
    const struct request *req, struct problem *why)
{
	struct trust_slot *slot = trust_slot_find(firm->customer_id);
	const char *box;
	struct db_batch *b;

	*out = slot;
	if (strcmp(slot->customer_id, firm->customer_id) == 0 &&
	    is_fresh(slot->read_at_us))
		return 0;
	b = db_batch(req->db, req->arena, firm->customer_id, NULL);
	db_queue(b, STMT_WEBHOOK_TRUST, NULL);
	if (db_flush(b, why) != 0)
		return -1;
	box = db_get(b, 0, 0, "twilio");
	slot->is_set = db_true(b, 0, 0, "has_token") || box != NULL;
	twilio_open(slot, req->arena, firm, box);
	(void)snprintf(slot->customer_id, sizeof(slot->customer_id), "%s",
	    firm->customer_id);
	slot->read_at_us = clock_ticks_us();
	return 0;
}

/* Development: nothing leaves, and nobody set anything to be known by. */
static bool
is_open_house(void)
{
	return strcmp(config_get(CONFIG_SMS_PROVIDER), provider_console.name) ==
	           0 &&
	       *config_get(CONFIG_WEBHOOK_TOKEN) == '\0' &&
	       *config_get(CONFIG_TWILIO_AUTH_TOKEN) == '\0';
}

/* What the firm has of its own; NULL for nobody's number. */
static int
trust_find(const struct trust_slot **out, const struct sender *s,
    const struct sender_firm *firm, const struct request *req,
    struct problem *why)
{
	*out = NULL;
	if (firm == NULL)
		return 0;
	return s->is_remembered ? trust_remember(out, firm, req, why)
	                        : trust_look_up(out, firm, req, why);
}

int
sender_may_tell(bool *out, struct sender *s, const struct request *req,
    const struct sender_firm *firm, struct problem *why)
{
	const struct trust_slot *trust;
	bool is_open;

	*out = s->kind == SENDER_OF_INSTALLATION ||
	       (s->kind == SENDER_OF_FIRM && firm != NULL &&
		   strcmp(s->customer_id, firm->customer_id) == 0);
	/* Where nobody has an auth token, a signature says nothing. */
	is_open =
	    is_open_house() && (strcmp(s->reason, "no_credential") == 0 ||
				   strcmp(s->reason, "wrong_signature") == 0);
	if (*out || (!is_open && !s->has_signature))
		return 0;
	if (trust_find(&trust, s, firm, req, why) != 0)
		return -1;
	if (trust != NULL && s->has_signature)
		*out = is_signed(s, req, trust->twilio);
	if (!*out && is_open)
		*out = trust == NULL || !trust->is_set;
	return 0;
}
