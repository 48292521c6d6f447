/*
 * opsfabric_output - tables for people and JSON for programs
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "json_write.h"
#include "log.h"
#include "opsfabric_command.h"
#include "utf8.h"

#define COLUMNS_MAX 24

/*
 * Code points that a terminal acts on instead of showing them: controls, and
 * those that turn the direction of a line around.
 */
static bool
is_active(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c ||
	       cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069);
}

const char *
command_plain(struct arena *a, const char *text)
{
	size_t len = strlen(text);
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = utf8_char(text + i, len - i, &cp);

		if (n == 0)
			buf_char(&b, '?');
		else if (is_active(cp))
			buf_char(&b, ' ');
		else
			buf_add(&b, text + i, n);
		i += n == 0 ? 1 : n;
	}
	return b.text;
}

/* Columns on the screen: one a code point, none for combining accents. */
static int
width(const char *text)
{
	size_t len = strlen(text);
	int columns = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		size_t n = utf8_char(text + i, len - i, &cp);

		if (cp < 0x300 || cp > 0x36f)
			columns++;
		i += n == 0 ? 1 : n;
	}
	return columns;
}

/* The name of a sender is the firm's, and stays. */
static const char *
masked(struct arena *a, const char *value)
{
	const char *at = strchr(value, '@');

	/* Of an e-mail address the domain, which alone reaches nobody. */
	if (at != NULL)
		return arena_printf(a, "***%s", at);
	if (strspn(value, "+0123456789") > 0)
		return arena_strdup(a, log_masked(value).text);
	return value;
}

static bool
is_shown(const struct command_rows *rows, const struct command_column *c)
{
	return c->heading != NULL && (c->kind != CELL_PRIVATE || rows->full);
}

static const char *
cell(struct arena *a, const struct command_rows *rows, int row,
    const struct command_column *c)
{
	const char *value = db_get(rows->batch, rows->i, row, c->name);

	if (value == NULL)
		return "";
	if (c->kind == CELL_BOOL)
		return *value == 't' ? "yes" : "no";
	if (c->kind == CELL_MASKED && !rows->full)
		value = masked(a, value);
	return command_plain(a, value);
}

static void
print_cell(const char *text, int columns, bool to_the_right, bool is_last)
{
	int pad = columns - width(text);

	if (to_the_right)
		(void)printf("%*s%s", pad, "", text);
	else
		(void)printf("%s%*s", text, is_last ? 0 : pad, "");
	(void)fputs(is_last ? "\n" : "  ", stdout);
}

/* Row -1 is the headings. */
static void
print_line(const struct command_run *run, const struct command_rows *rows,
    int row, const int *widths, int last)
{
	for (int c = 0; c <= last; c++) {
		const struct command_column *column = &rows->columns[c];

		if (!is_shown(rows, column))
			continue;
		print_cell(row < 0 ? column->heading
				   : cell(run->arena, rows, row, column),
		    widths[c], column->kind == CELL_NUMBER, c == last);
	}
}

void
command_print_table(
    const struct command_run *run, const struct command_rows *rows)
{
	int widths[COLUMNS_MAX] = { 0 };
	int last = 0;

	for (int c = 0; rows->columns[c].name != NULL; c++) {
		const struct command_column *column = &rows->columns[c];

		if (!is_shown(rows, column))
			continue;
		last = c;
		widths[c] = width(column->heading);
		for (int row = 0; row < rows->count; row++) {
			int w = width(cell(run->arena, rows, row, column));

			if (w > widths[c])
				widths[c] = w;
		}
	}
	for (int row = -1; row < rows->count; row++)
		print_line(run, rows, row, widths, last);
}

void
command_print_row(
    const struct command_run *run, const struct command_rows *rows)
{
	const struct command_column *c;
	int widest = 0;

	for (c = rows->columns; c->name != NULL; c++)
		if (is_shown(rows, c) && width(c->heading) > widest)
			widest = width(c->heading);
	for (c = rows->columns; c->name != NULL; c++) {
		const char *text;

		if (!is_shown(rows, c))
			continue;
		text = cell(run->arena, rows, 0, c);
		if (*text == '\0')
			continue;
		print_cell(c->heading, widest, false, false);
		(void)printf("%s\n", text);
	}
}

static void
json_cell(struct buf *b, const struct command_column *c, const char *value,
    bool is_full)
{
	switch (value == NULL ? CELL_TEXT : c->kind) {
	case CELL_BOOL:
		json_bool(b, c->name, *value == 't');
		break;
	case CELL_NUMBER:
	case CELL_JSON:
		json_raw(b, c->name, value);
		break;
	case CELL_MASKED:
		json_str(b, c->name, is_full ? value : masked(b->arena, value));
		break;
	case CELL_PRIVATE:
		if (is_full)
			json_str(b, c->name, value);
		break;
	case CELL_TEXT:
	default:
		json_str(b, c->name, value);
	}
}

void
command_json_row(struct buf *b, const struct command_rows *rows, int row)
{
	const struct command_column *c;

	for (c = rows->columns; c->name != NULL; c++)
		json_cell(b, c, db_get(rows->batch, rows->i, row, c->name),
		    rows->full);
}

void
command_json_rows(
    struct buf *b, const char *name, const struct command_rows *rows)
{
	json_arr_open(b, name);
	for (int row = 0; row < rows->count; row++) {
		json_obj_open(b, NULL);
		command_json_row(b, rows, row);
		json_obj_close(b);
	}
	json_arr_close(b);
}

/* A word of a command line, as a shell has to see it. */
static const char *
quoted(struct arena *a, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-_./:=+,@%";
	struct buf b;

	if (*word != '\0' && word[strspn(word, plain)] == '\0')
		return word;
	buf_init(&b, a);
	buf_char(&b, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_str(&b, "'\\''");
		else
			buf_char(&b, *word);
	buf_char(&b, '\'');
	return b.text;
}

/* The same command again, with another --after. */
static const char *
next_command(const struct command_run *run, const char *after)
{
	const struct command_option *o = run->command->options;
	struct buf b;

	buf_init(&b, run->arena);
	buf_printf(&b, "opsfabric %s", run->command->name);
	for (int i = 0; i < run->operand_count; i++)
		buf_printf(&b, " %s", quoted(run->arena, run->operands[i]));
	for (int i = 0; o[i].name != NULL; i++) {
		if (run->values[i] == NULL || strcmp(o[i].name, "after") == 0)
			continue;
		buf_printf(&b, " --%s", o[i].name);
		if (o[i].value != NULL)
			buf_printf(
			    &b, " %s", quoted(run->arena, run->values[i]));
	}
	buf_printf(&b, " --after %s", quoted(run->arena, after));
	return b.text;
}

void
command_print_page(const struct command_run *run,
    const struct command_rows *rows, const struct command_page *page,
    const char *key)
{
	struct command_rows shown = *rows;
	const char *next = NULL;
	struct buf b;

	if (page != NULL && shown.count > page->shown) {
		shown.count = (int)page->shown;
		next = db_get(shown.batch, shown.i, shown.count - 1, key);
	}
	if (run->json) {
		buf_init(&b, run->arena);
		json_obj_open(&b, NULL);
		command_json_rows(&b, "items", &shown);
		json_str(&b, "next", next);
		json_obj_close(&b);
		command_put(&b);
		return;
	}
	if (shown.count > 0)
		command_print_table(run, &shown);
	else
		command_error("nothing to show");
	if (next != NULL)
		(void)printf("\nnext page: %s\n", next_command(run, next));
}

void
command_put_json(const char *json)
{
	size_t len = strlen(json), done = 0, n;

	/* Nothing but a string holds them: JSON knows no others outside. */
	for (size_t i = 0; i < len; i += n == 0 ? 1 : n) {
		uint32_t cp = 0;

		n = utf8_char(json + i, len - i, &cp);
		if (n == 0 || cp < 0x7f || !is_active(cp))
			continue;
		(void)fwrite(json + done, 1, i - done, stdout);
		(void)printf("\\u%04" PRIx32, cp);
		done = i + n;
	}
	(void)printf("%s\n", json + done);
}

void
command_put(const struct buf *b)
{
	command_put_json(b->text);
}
