/*
 * opsfabric_text - what the texts of messages cost, and which letter doubles it
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alphabet.h"
#include "arena.h"
#include "buf.h"
#include "db.h"
#include "json.h"
#include "json_write.h"
#include "message_text.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "tenant.h"
#include "utf8.h"

#define TEXT_BYTES_MAX ((size_t)20000)

static const struct command_option options[] = {
	{ "text", "NAME", "standard input is to be this text of the firm" },
	{ "language", "LANGUAGE", "of --text: de, fr, it or en" },
	{ 0 },
};

/* A text as it was written, and what it becomes. */
struct checked {
	const char *language; /* NULL, all three: a text from standard input */
	const char *name;
	const char *whose; /* "firm" or "house" */
	const char *words;
	const char *body;    /* with values as long as they get, or NULL */
	const char *problem; /* why a firm may not use it, or NULL */
};

/* A letter of the text that is not in the alphabet of SMS. */
struct letter {
	const char *bytes;
	size_t len;
	size_t position; /* counted in characters, from one */
	uint32_t code;
	const char *instead; /* NULL: there is nothing */
};

/* The next one from *text on, which *position characters precede. */
static bool
letter_next(struct letter *out, const char **text, size_t *position)
{
	struct text_cost cost = alphabet_cost(*text);

	if (cost.culprit == 0)
		return false;
	out->bytes = *text + cost.culprit_offset;
	out->len = utf8_char(out->bytes, strlen(out->bytes), NULL);
	out->position = *position + cost.culprit_number;
	out->code = cost.culprit;
	out->instead = alphabet_replacement(out->bytes, out->len);
	*text = out->bytes + (out->len == 0 ? 1 : out->len);
	*position = out->position;
	return true;
}

static const char *
alphabet_name(const struct text_cost *cost)
{
	return cost->alphabet == ALPHABET_GSM7 ? "GSM-7" : "UCS-2";
}

static bool
is_good(const struct checked *c)
{
	return c->problem == NULL && c->body != NULL &&
	       alphabet_cost(c->body).culprit == 0;
}

static void
cost_json(struct buf *b, const char *body)
{
	struct text_cost cost = alphabet_cost(body);

	json_str(b, "alphabet", alphabet_name(&cost));
	json_int(b, "units", cost.units);
	json_int(b, "segments", cost.segments);
}

static void
checked_json(struct buf *b, struct arena *a, const struct checked *c)
{
	const char *rest = c->words;
	struct letter letter;
	size_t position = 0;

	json_obj_open(b, NULL);
	json_str(b, "language", c->language);
	json_str(b, "text", c->name);
	json_str(b, "whose", c->whose);
	if (c->body != NULL) {
		cost_json(b, c->body);
		json_obj_open(b, "replaced");
		json_str(b, "words", alphabet_plain(a, c->words));
		cost_json(b, alphabet_plain(a, c->body));
		json_obj_close(b);
	}
	json_arr_open(b, "letters");
	while (letter_next(&letter, &rest, &position)) {
		json_obj_open(b, NULL);
		json_int(b, "position", (long)letter.position);
		json_str(
		    b, "letter", arena_strndup(a, letter.bytes, letter.len));
		json_str(b, "code",
		    arena_printf(a, "U+%04X", (unsigned)letter.code));
		json_str(b, "instead", letter.instead);
		json_obj_close(b);
	}
	json_arr_close(b);
	json_str(b, "problem", c->problem);
	json_obj_close(b);
}

static void
letters_print(struct arena *a, const char *text)
{
	struct letter letter;
	size_t position = 0;

	while (letter_next(&letter, &text, &position)) {
		(void)printf("  character %zu, %s U+%04X: ", letter.position,
		    command_plain(
			a, arena_strndup(a, letter.bytes, letter.len)),
		    (unsigned)letter.code);
		if (letter.instead == NULL)
			(void)fputs("nothing stands for it\n", stdout);
		else if (*letter.instead == '\0')
			(void)fputs("nobody sees it, leave it out\n", stdout);
		else
			(void)printf("write %s\n", *letter.instead == ' '
						       ? "a space"
						       : letter.instead);
	}
}

static void
checked_print(struct arena *a, const struct checked *c)
{
	struct text_cost cost, plain;

	if (c->name != NULL)
		(void)printf("%s %-28s %-6s", c->language, c->name, c->whose);
	if (c->body == NULL) {
		(void)printf("%s\n", command_plain(a, c->problem));
		return;
	}
	cost = alphabet_cost(c->body);
	(void)printf("%s, %d characters: %d %s\n", alphabet_name(&cost),
	    cost.units, cost.segments,
	    cost.segments == 1 ? "message" : "messages");
	letters_print(a, c->words);
	if (cost.culprit != 0) {
		plain = alphabet_cost(alphabet_plain(a, c->body));
		(void)printf("  without these letters: GSM-7, %d characters: "
			     "%d %s\n",
		    plain.units, plain.segments,
		    plain.segments == 1 ? "message" : "messages");
	}
	if (c->problem != NULL)
		(void)printf("  %s\n", command_plain(a, c->problem));
}

/* Fills in what follows from words: as a text of a firm with that name. */
static void
checked_measure(struct checked *c, struct arena *a, enum language language,
    enum text_name name, const char *firm)
{
	struct problem why;

	c->language = language_name(language);
	c->name = message_text_name(name);
	if (message_text_check(language, name, c->words, firm, &why) != 0)
		c->problem = arena_strdup(a, why.detail);
	c->body = message_text_longest(a, language, name, c->words, firm, &why);
}

/* NULL, having said why not. */
static const char *
stdin_read(struct command_run *run)
{
	char *text = arena_alloc(run->arena, TEXT_BYTES_MAX + 1);
	size_t len = fread(text, 1, TEXT_BYTES_MAX + 1, stdin);

	if (ferror(stdin) != 0) {
		command_error("standard input: %s", strerror(errno));
		return NULL;
	}
	if (len > TEXT_BYTES_MAX || !utf8_is_text(text, len)) {
		command_error("standard input is no text in UTF-8 of at most "
			      "%zu bytes",
		    TEXT_BYTES_MAX);
		return NULL;
	}
	/* The end of the last line is the terminal's. */
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

static enum command_exit
tell(const struct command_run *run, const struct checked *list, size_t count,
    const char *firm_problem)
{
	bool good = firm_problem == NULL;
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "firm_problem", firm_problem);
	json_arr_open(&b, "texts");
	for (size_t i = 0; i < count; i++) {
		checked_json(&b, run->arena, &list[i]);
		good = good && is_good(&list[i]);
	}
	json_arr_close(&b);
	json_bool(&b, "good", good);
	json_obj_close(&b);
	if (run->json) {
		command_put(&b);
		return good ? COMMAND_DONE : COMMAND_REFUSED;
	}
	if (firm_problem != NULL)
		(void)printf("the firm's name: %s\n",
		    command_plain(run->arena, firm_problem));
	for (size_t i = 0; i < count; i++)
		checked_print(run->arena, &list[i]);
	return good ? COMMAND_DONE : COMMAND_REFUSED;
}

/* COMMAND_TENANT_SHOW as the view "tenants" has it, with its defaults. */
static const char *
row_value(const void *source, const char *column)
{
	static const struct {
		const char *of_view, *here;
	} others[] = {
		{ "customer_id", "id" },
		{ "timezone", "effective_timezone" },
		{ "quiet_hours_start", "effective_quiet_hours_start" },
		{ "quiet_hours_end", "effective_quiet_hours_end" },
		{ "sla_response_minutes", "effective_sla_response_minutes" },
		{ "review_delay_hours", "effective_review_delay_hours" },
		{ "config", "effective_config" },
		{ "modules", "effective_modules" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(others[i].of_view, column) == 0)
			return db_get(source, 0, 0, others[i].here);
	return db_get(source, 0, 0, column);
}

/* -1 with *end, having said so. */
static int
firm_read(struct tenant *out, struct command_run *run, enum command_exit *end)
{
	struct stmt_command_tenant_show params = { .slug = run->operands[0] };
	struct tenant_row row = { row_value, NULL };
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_SHOW, &params, end);
	struct problem why;

	if (b == NULL)
		return -1;
	row.source = b;
	if (db_rows(b, 0) == 0)
		*end = command_no_tenant(run, run->operands[0]);
	else if (tenant_read(out, run->arena, &row, &why) != 0)
		*end = command_failed(&why, NULL);
	else
		return 0;
	return -1;
}

static enum command_exit
check_firm(struct command_run *run)
{
	enum command_exit end = COMMAND_DONE;
	struct checked list[LANGUAGE_MAX * TEXT_MAX] = { 0 };
	struct tenant firm;
	size_t count = 0;

	if (firm_read(&firm, run, &end) != 0)
		return end;
	for (enum language l = 0; l < LANGUAGE_MAX; l++) {
		if ((firm.languages & 1U << l) == 0)
			continue;
		for (enum text_name n = 0; n < TEXT_MAX; n++) {
			struct checked *c = &list[count++];

			c->words = tenant_text(&firm, l, message_text_name(n));
			c->whose = c->words != NULL ? "firm" : "house";
			if (c->words == NULL)
				c->words = message_text_words(n, l);
			checked_measure(c, run->arena, l, n, firm.sms_name);
		}
	}
	return tell(run, list, count, firm.sms_name_problem);
}

/* Standard input as a text that the firm might use. */
static enum command_exit
check_wording(struct command_run *run)
{
	const char *language = command_value(run, "language");
	const char *name = command_value(run, "text");
	enum command_exit end = COMMAND_DONE;
	struct checked c = { .whose = "firm" };
	enum language l;
	enum text_name n;
	struct tenant firm;

	if (message_text_parse(&n, name) != 0)
		return command_usage(run, "--text: there is no text %s", name);
	if (language == NULL || language_parse(&l, language) != 0)
		return command_usage(
		    run, "--text needs --language de, fr, it or en");
	if (firm_read(&firm, run, &end) != 0)
		return end;
	c.words = stdin_read(run);
	if (c.words == NULL)
		return COMMAND_REFUSED;
	checked_measure(&c, run->arena, l, n, firm.sms_name);
	return tell(run, &c, 1, firm.sms_name_problem);
}

static enum command_exit
check(struct command_run *run)
{
	bool named = command_value(run, "text") != NULL;
	struct checked c = { 0 };

	if (!named && command_value(run, "language") != NULL)
		return command_usage(run, "--language is that of --text");
	if (run->operand_count > 0)
		return named ? check_wording(run) : check_firm(run);
	if (named)
		return command_usage(run, "--text needs a firm");
	c.words = c.body = stdin_read(run);
	return c.words == NULL ? COMMAND_REFUSED : tell(run, &c, 1, NULL);
}

const struct command commands_text[] = {
	{ "text check", "[SLUG]",
	    "what a firm's texts cost, or standard input's", 0, 1, options,
	    check },
	{ 0 },
};
