/*
 * tenant_value - the forms that values of a firm's settings have
 */
#include "tenant_value.h"

#include <string.h>

#include "arena.h"
#include "utf8.h"

#define DOMAIN_MAX 253
#define EMAIL_MAX 254
/* Of names that are compared; no setting has a longer one. */
#define NAME_MAX 60

bool
tenant_value_is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

size_t
tenant_value_characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		if (((unsigned char)*text & 0xc0U) != 0x80)
			n++;
	return n;
}

bool
tenant_value_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

bool
tenant_value_is_country(const char *text)
{
	/* ITU-T E.164: +1 and +7; then these; all others have three digits, and
	 * none begins as one of these. */
	static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 "
				  "46 47 48 49 51 52 53 54 55 56 57 58 60 61 "
				  "62 63 64 65 66 81 82 84 86 90 91 92 93 94 "
				  "95 98";
	static const char three[] = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 "
				    "68 69 80 85 87 88 96 97 99";
	char zone[3] = "";
	size_t len = text == NULL ? 0 : strlen(text);

	if (len < 2 || len > 4 || text[0] != '+' ||
	    strspn(text + 1, "0123456789") != len - 1)
		return false;
	if (len == 2)
		return text[1] == '1' || text[1] == '7';
	memcpy(zone, text + 1, 2);
	return strstr(len == 3 ? two : three, zone) != NULL;
}

bool
tenant_value_is_slug(const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || len > TENANT_VALUE_SLUG_MAX || s[0] == '-' ||
	    s[len - 1] == '-' || strstr(s, "--") != NULL)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

char *
tenant_value_lower(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);

	for (char *p = out; *p != '\0'; p++)
		*p = utf8_lower_ascii(*p);
	return out;
}

bool
tenant_value_is_domain(const char *s)
{
	size_t labels = 0;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (;; s++) {
		size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

		if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
			return false;
		labels++;
		s += len;
		if (*s == '\0')
			return labels >= 2;
		if (*s != '.')
			return false;
	}
}

bool
tenant_value_is_https(const char *link)
{
	static const char scheme[] = "https://";

	return strncmp(link, scheme, strlen(scheme)) == 0 &&
	       !tenant_value_has_control(link) &&
	       strpbrk(link, " \"<>\\") == NULL &&
	       strlen(link) <= TENANT_VALUE_LINK_MAX;
}

int
tenant_value_language(enum language *out, const char *text)
{
	enum language language;

	if (text == NULL || language_parse(&language, text) != 0 ||
	    strcmp(language_name(language), text) != 0)
		return -1;
	*out = language;
	return 0;
}

bool
tenant_value_is_email(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL && at != text && tenant_value_is_domain(at + 1) &&
	       strlen(text) <= EMAIL_MAX && strpbrk(text, " \t,;<>") == NULL &&
	       !tenant_value_has_control(text);
}

bool
tenant_value_is_color(const char *text)
{
	return text[0] == '#' && strlen(text) == 7 &&
	       strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

bool
tenant_value_is_blank(const char *text)
{
	return text[strspn(text, " \n")] == '\0';
}

static bool
is_letter(char a, char b)
{
	return utf8_lower_ascii(a) == utf8_lower_ascii(b);
}

static size_t
least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment, three rows of its matrix at a time. */
size_t
tenant_value_distance(const char *a, const char *b)
{
	size_t row[3][NAME_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t *before = row[0], *last = row[1], *now = row[2];

	if (a_len > NAME_MAX || b_len > NAME_MAX || b_len == 0)
		return TENANT_VALUE_FAR;
	for (size_t j = 0; j <= b_len; j++)
		last[j] = before[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = is_letter(a[i - 1], b[j - 1]);

			now[j] = least_of(least_of(last[j], now[j - 1]) + 1,
			    last[j - 1] + (same ? 0 : 1));
			if (i > 1 && j > 1 && is_letter(a[i - 1], b[j - 2]) &&
			    is_letter(a[i - 2], b[j - 1]))
				now[j] = least_of(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = oldest;
	}
	/* Of a short name a third of the letters is another name. */
	return last[b_len] * 3 > least_of(a_len, b_len) + 2 ||
	               last[b_len] >= TENANT_VALUE_FAR
	           ? TENANT_VALUE_FAR
	           : last[b_len];
}
