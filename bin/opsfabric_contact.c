/*
 * opsfabric_contact - one person's data: shown to them, or erased
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "backlog.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "json.h"
#include "log.h"
#include "opsfabric_command.h"
#include "phone.h"
#include "photo_file.h"
#include "problem.h"
#include "route.h"
#include "sender.h"
#include "spool.h"
#include "utf8.h"

static const struct command_option exporting[] = {
	{ "photos", "DIRECTORY", "copy the photos there" },
	{ 0 },
};

/* Whom the operands name. */
struct person {
	const char *id;
	const char *customer_id;
	struct db_batch *photos; /* of COMMAND_CONTACT_PHOTOS */
};

/* A number, an address or an id, as the statement looks for it. */
static int
operand_read(struct command_run *run, struct stmt_command_contact_find *out,
    const char *firm_phone, enum command_exit *end)
{
	const char *text = run->operands[1];
	struct phone phone;
	struct problem why;
	char region[3] = "";

	if (id_is_valid(text)) {
		out->contact_id = text;
		return 0;
	}
	if (strchr(text, '@') != NULL) {
		char *email = arena_strdup(run->arena, text);

		for (char *c = email; *c != '\0'; c++)
			*c = utf8_lower_ascii(*c);
		out->email = email;
		return 0;
	}
	if (firm_phone != NULL && phone_region_of(region, firm_phone) != 0)
		*region = '\0';
	if (phone_parse(&phone, text, region, NULL, &why) != 0) {
		*end = command_usage(run,
		    "%s is no number, no e-mail address and no id",
		    command_plain(run->arena, text));
		return -1;
	}
	out->phone = arena_strdup(run->arena, phone.e164);
	return 0;
}

/* More than one has the address: whoever is meant has to be said. */
static enum command_exit
several(const struct db_batch *b)
{
	command_error(
	    "%d contacts have it; say which one, by its id:", db_rows(b, 0));
	for (int row = 0; row < db_rows(b, 0); row++) {
		const char *phone = db_get(b, 0, row, "phone");

		(void)fprintf(stderr, "  %s  %s\n", db_get(b, 0, row, "id"),
		    phone == NULL ? "" : log_masked(phone).text);
	}
	return COMMAND_REFUSED;
}

static int
person_find(struct person *out, struct command_run *run, enum command_exit *end)
{
	struct stmt_command_tenant_show firm = { .slug = run->operands[0] };
	struct stmt_command_contact_find find = { 0 };
	struct stmt_command_contact_photos photos;
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_SHOW, &firm, end);

	if (b == NULL)
		return -1;
	if (db_rows(b, 0) == 0) {
		*end = command_no_tenant(run, run->operands[0]);
		return -1;
	}
	find.customer_id = db_get(b, 0, 0, "id");
	if (operand_read(run, &find, db_get(b, 0, 0, "phone"), end) != 0)
		return -1;
	b = command_batch(run, STMT_COMMAND_CONTACT_FIND, &find, end);
	if (b == NULL)
		return -1;
	if (db_rows(b, 0) == 0) {
		command_error("this firm has no such contact");
		*end = COMMAND_NOT_FOUND;
		return -1;
	}
	if (db_rows(b, 0) > 1) {
		*end = several(b);
		return -1;
	}
	out->id = db_get(b, 0, 0, "id");
	out->customer_id = find.customer_id;
	photos.contact_id = out->id;
	out->photos =
	    command_batch(run, STMT_COMMAND_CONTACT_PHOTOS, &photos, end);
	return out->photos == NULL ? -1 : 0;
}

static struct photo_name
photo_of(const struct person *p, int row)
{
	struct photo_name name = {
		.customer_id = db_get(p->photos, 0, row, "customer_id"),
		.photo_id = db_get(p->photos, 0, row, "id"),
	};

	return name;
}

static enum command_exit
photos_copy(struct command_run *run, const struct person *p)
{
	const char *dir = command_value(run, "photos");
	struct problem why;

	if (dir == NULL)
		return COMMAND_DONE;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		command_error("%s: %s", dir, strerror(errno));
		return COMMAND_REFUSED;
	}
	for (int row = 0; row < db_rows(p->photos, 0); row++) {
		struct photo_name name = photo_of(p, row);

		if (photo_file_copy(&name, dir, run->arena, &why) != 0)
			return command_failed(&why, NULL);
	}
	return COMMAND_DONE;
}

static enum command_exit
export_person(struct command_run *run)
{
	struct stmt_command_contact_export params;
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b;
	struct person p;

	if (person_find(&p, run, &end) != 0)
		return end;
	params.contact_id = p.id;
	b = command_batch(run, STMT_COMMAND_CONTACT_EXPORT, &params, &end);
	if (b == NULL)
		return end;
	end = photos_copy(run, &p);
	if (end == COMMAND_DONE)
		command_put_json(db_get(b, 0, 0, "document"));
	return end;
}

/* A file that stays would be a picture of somebody of whom nothing is known any
 * more: then nothing is erased. */
static enum command_exit
photos_remove(struct command_run *run, const struct person *p)
{
	for (int row = 0; row < db_rows(p->photos, 0); row++) {
		struct photo_name name = photo_of(p, row);

		if (photo_file_remove(&name, run->arena) != 0) {
			command_error("nothing else was erased");
			return COMMAND_REFUSED;
		}
	}
	return COMMAND_DONE;
}

/* Does what is kept there tell of the person? What cannot be read tells nobody
 * anything, and cannot be taken any more. */
static enum command_exit
spooled_is_of(bool *out, struct command_run *run, const struct person *p,
    const struct spool_file *file)
{
	struct stmt_command_contact_named params = { .contact_id = p->id };
	enum command_exit end = COMMAND_DONE;
	struct request req;
	struct problem why;
	struct db_batch *b;
	const char *key;
	char *body;

	*out = false;
	if (backlog_read(&req, &key, file, run->arena, &why) != 0)
		return why.code == PROBLEM_TRY_AGAIN
		           ? command_failed(&why, NULL)
		           : COMMAND_DONE;
	if (req.known->customer_id != NULL &&
	    strcmp(req.known->customer_id, p->customer_id) != 0)
		return COMMAND_DONE;
	body = arena_strdup(run->arena, req.body);
	for (char *c = body; req.body_kind == BODY_FORM && *c != '\0'; c++)
		if (*c == '+')
			*c = ' ';
	params.said = command_plain(
	    run->arena, arena_printf(run->arena, "%s&%s", req.query, body));
	b = command_batch(run, STMT_COMMAND_CONTACT_NAMED, &params, &end);
	if (b == NULL)
		return end;
	*out = db_rows(b, 0) > 0 && *db_get(b, 0, 0, "named") == 't';
	return COMMAND_DONE;
}

/* What waits would bring the person back. */
static enum command_exit
spool_waits(struct command_run *run, const struct person *p)
{
	enum command_exit end = COMMAND_DONE;
	struct spool_names names;
	bool is_of, waits = false;

	for (int lane = 0; lane < SPOOL_LANES; lane++) {
		spool_list(&names, run->arena, lane);
		for (size_t i = 0; i < names.count; i++) {
			struct spool_file file = { SPOOL_WAIT, lane,
				names.name[i] };

			end = spooled_is_of(&is_of, run, p, &file);
			if (end != COMMAND_DONE)
				return end;
			if (is_of)
				command_error("%s of this person waits in the "
					      "spool of this host",
				    file.name);
			waits = waits || is_of;
		}
	}
	if (waits)
		command_error("nothing was erased; again when it is taken");
	return waits ? COMMAND_REFUSED : COMMAND_DONE;
}

/* What could not be taken goes: nobody shall retry it. */
static enum command_exit
spool_forget(struct command_run *run, const struct person *p)
{
	enum command_exit end;
	struct spool_names names;
	struct problem why;
	bool is_of;

	if (!spool_is_on() ||
	    (access(spool_path(run->arena, "."), F_OK) != 0 && errno == ENOENT))
		return COMMAND_DONE;
	if (spool_check(&why) != 0) {
		command_error("%s", why.detail);
		return COMMAND_REFUSED;
	}
	end = spool_waits(run, p);
	if (end != COMMAND_DONE)
		return end;
	spool_list_failed(&names, run->arena);
	for (size_t i = 0; i < names.count; i++) {
		struct spool_file file = { SPOOL_FAILED, 0, names.name[i] };

		end = spooled_is_of(&is_of, run, p, &file);
		if (end != COMMAND_DONE)
			return end;
		if (is_of && spool_remove(&file, &why) != 0)
			return command_failed(&why, NULL);
	}
	return COMMAND_DONE;
}

static long
said(const struct cJSON *answer, const char *name)
{
	return (long)json_number(json_member(answer, name), 0);
}

/* Of a photo that was uploaded after its list was read, too. */
static enum command_exit
photos_left(
    struct command_run *run, const struct person *p, const struct cJSON *answer)
{
	const struct cJSON *id = json_first(json_member(answer, "photos"));

	for (; id != NULL; id = json_next(id)) {
		struct photo_name name = {
			.customer_id = p->customer_id,
			.photo_id = json_text(id),
		};

		if (photo_file_remove(&name, run->arena) != 0) {
			command_error("all else was erased");
			return COMMAND_REFUSED;
		}
	}
	return COMMAND_DONE;
}

static void
erased_print(
    struct command_run *run, const char *text, const struct cJSON *answer)
{
	const struct cJSON *id;

	if (run->json) {
		(void)printf("%s\n", text);
		return;
	}
	(void)printf("erased %s: %ld tickets, %ld messages, %ld requests as "
		     "they came\n",
	    json_text(json_member(answer, "contact_id")),
	    said(answer, "tickets"), said(answer, "messages"),
	    said(answer, "inbound"));
	for (id = json_first(json_member(answer, "waiting")); id != NULL;
	     id = json_next(id))
		(void)printf("%s names them, is nobody's and waits: opsfabric "
			     "inbound release or discard\n",
		    json_text(id));
	if (json_is_true(json_member(answer, "opted_out")))
		(void)printf(
		    "their STOP stays: a hash of the number is kept\n");
}

static enum command_exit
erase_person(struct command_run *run)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_contact_erase params = {
		.actor = command_actor(run->arena),
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	const struct cJSON *answer;
	struct problem why;
	struct db_batch *b;
	struct person p;

	if (person_find(&p, run, &end) != 0)
		return end;
	end = spool_forget(run, &p);
	if (end == COMMAND_DONE)
		end = photos_remove(run, &p);
	if (end != COMMAND_DONE)
		return end;
	params.contact_id = p.id;
	b = command_batch(run, STMT_COMMAND_CONTACT_ERASE, &params, &end);
	if (b == NULL)
		return end;
	if (db_get(b, 0, 0, "answer") == NULL) {
		command_error("this firm has no such contact");
		return COMMAND_NOT_FOUND;
	}
	if (json_parse_stored(
		&answer, run->arena, db_get(b, 0, 0, "answer"), &why) != 0)
		return command_failed(&why, NULL);
	end = photos_left(run, &p, answer);
	erased_print(run, db_get(b, 0, 0, "answer"), answer);
	return end;
}

const struct command commands_contact[] = {
	{ "contact export", "SLUG PERSON",
	    "all that is kept of a person, by number, e-mail or id", 2, 2,
	    exporting, export_person },
	{ "contact erase", "SLUG PERSON", "forget a person, for good", 2, 2,
	    NULL, erase_person },
	{ 0 },
};
