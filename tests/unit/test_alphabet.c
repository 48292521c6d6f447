/*
 * test_alphabet - what a text costs
 */
#include "alphabet.h"

#include <check.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "utf8.h"

/* Text: a pattern, so many times, and what comes after it. */
static const struct cost_case {
	const char *pattern;
	const char *end;
	int times;
	enum alphabet alphabet;
	int units;
	int segments;
} costs[] = {
	{ "", "", 0, ALPHABET_GSM7, 0, 1 },
	{ "a", "", 160, ALPHABET_GSM7, 160, 1 },
	{ "a", "", 161, ALPHABET_GSM7, 161, 2 },
	{ "a", "", 306, ALPHABET_GSM7, 306, 2 },
	{ "a", "", 307, ALPHABET_GSM7, 307, 3 },
	{ "ü", "", 160, ALPHABET_GSM7, 160, 1 },
	/* An extension character is two septets. */
	{ "€", "", 80, ALPHABET_GSM7, 160, 1 },
	{ "€", "a", 80, ALPHABET_GSM7, 161, 2 },
	{ "a", "€", 158, ALPHABET_GSM7, 160, 1 },
	{ "a", "€", 159, ALPHABET_GSM7, 161, 2 },
	/* 153 is odd: of 76 pairs one septet stays empty in each part. */
	{ "€", "", 152, ALPHABET_GSM7, 304, 2 },
	{ "€", "", 153, ALPHABET_GSM7, 306, 3 },
	{ "€", "a", 152, ALPHABET_GSM7, 305, 2 },
	{ "€", "aa", 152, ALPHABET_GSM7, 306, 3 },
	/* UCS-2 */
	{ "ç", "", 70, ALPHABET_UCS2, 70, 1 },
	{ "ç", "", 71, ALPHABET_UCS2, 71, 2 },
	{ "ç", "", 134, ALPHABET_UCS2, 134, 2 },
	{ "ç", "", 135, ALPHABET_UCS2, 135, 3 },
	{ "a", "ç", 69, ALPHABET_UCS2, 70, 1 },
	{ "a", "ç", 70, ALPHABET_UCS2, 71, 2 },
	/* One letter in it, and an extension character is one unit. */
	{ "€", "ç", 69, ALPHABET_UCS2, 70, 1 },
	/* A surrogate pair is two units and stays in one part. */
	{ "a", "🔧", 68, ALPHABET_UCS2, 70, 1 },
	{ "a", "🔧", 69, ALPHABET_UCS2, 71, 2 },
	{ "🔧", "", 35, ALPHABET_UCS2, 70, 1 },
	{ "🔧", "", 36, ALPHABET_UCS2, 72, 2 },
	{ "🔧", "", 66, ALPHABET_UCS2, 132, 2 },
	{ "🔧", "", 67, ALPHABET_UCS2, 134, 3 },
	/* What is not UTF-8 is sent as U+FFFD, byte for byte. */
	{ "\xff", "", 70, ALPHABET_UCS2, 70, 1 },
	{ "a", "\xc3", 70, ALPHABET_UCS2, 71, 2 },
};

START_TEST(a_text_costs_its_parts)
{
	const struct cost_case *c = &costs[_i];
	char text[2048] = "";
	struct text_cost cost;
	size_t len = 0;

	for (int i = 0; i < c->times; i++) {
		memcpy(text + len, c->pattern, strlen(c->pattern));
		len += strlen(c->pattern);
	}
	memcpy(text + len, c->end, strlen(c->end) + 1);
	cost = alphabet_cost(text);
	ck_assert_int_eq(cost.alphabet, c->alphabet);
	ck_assert_int_eq(cost.units, c->units);
	ck_assert_int_eq(cost.segments, c->segments);
}
END_TEST

/* provider-facts: the letters that Swiss texts are made of, and those that
 * cost. */
static const struct letter_case {
	const char *letters;
	int septets; /* each; 0: not in GSM 7-bit */
} letters[] = {
	{ "äöüÄÖÜßéèàùìòÉÇñÑåÅæÆøØ§¤£$¥@¿¡", 1 },
	{ "ABCXYZabcxyz0123456789 \n\r!\"#%&'()*+,-./:;<=>?_", 1 },
	{ "ΔΦΓΛΩΠΨΣΘΞ", 1 },
	{ "€^{}[]~|\\\f", 2 },
	{ "çâêëîïôûœáíóúÀÈÊÂÎÔÛ«»„“”‘’–—…•°´`\t", 0 },
	{ "\xc2\xa0\xe2\x80\xaf\xe2\x80\x89\x1b\x01\x7f", 0 },
};

START_TEST(every_letter_has_its_width)
{
	const char *p = letters[_i].letters;

	while (*p != '\0') {
		size_t n = (*p & 0x80) == 0 ? 1 : (*p & 0x20) == 0 ? 2 : 3;
		char one[5] = "";
		struct text_cost cost;

		memcpy(one, p, n);
		cost = alphabet_cost(one);
		if (letters[_i].septets == 0) {
			ck_assert_msg(
			    cost.alphabet == ALPHABET_UCS2, "\"%s\"", one);
		} else {
			ck_assert_msg(
			    cost.alphabet == ALPHABET_GSM7, "\"%s\"", one);
			ck_assert_msg(
			    cost.units == letters[_i].septets, "\"%s\"", one);
		}
		p += n;
	}
}
END_TEST

START_TEST(the_culprit_is_the_first)
{
	struct text_cost cost = alphabet_cost("Grüezi, garçon: ça va");

	ck_assert_uint_eq(cost.culprit, 0xe7);
	ck_assert_uint_eq(cost.culprit_number, 12);
	ck_assert_uint_eq(cost.culprit_offset, 12);
	ck_assert_uint_eq(alphabet_cost("Grüezi").culprit, 0);
	ck_assert_uint_eq(alphabet_cost("\xff").culprit, 0xfffd);
}
END_TEST

static const struct {
	const char *text;
	const char *plain;
} plains[] = {
	{ "Grüezi, Dörfler & Söhne: 5 €", "Grüezi, Dörfler & Söhne: 5 €" },
	{ "Garçon, où êtes-vous?", "Garcon, où etes-vous?" },
	{ "À bientôt – Œuvre…", "A bientot - OEuvre..." },
	{ "«Salut», l’ami „Hans“", "\"Salut\", l'ami \"Hans\"" },
	{ "a\u00a0b\u202fc\td", "a b c d" },
	{ "so\u00adft\u200b, \ufeffda", "soft, da" },
	{ "Danke ❤️👍🏽!", "Danke !" },
	{ "STRAẞE, Łódź, Škoda", "STRASSE, Lodz, Skoda" },
	{ "Привет", "" },
	{ "a\xff\xe2\x82z", "az" },
	{ "", "" },
};

START_TEST(a_plain_text_is_what_people_write_instead)
{
	struct arena *a = arena_new(64 * 1024);
	const char *plain = alphabet_plain(a, plains[_i].text);

	ck_assert_str_eq(plain, plains[_i].plain);
	ck_assert_uint_eq(alphabet_cost(plain).culprit, 0);
	ck_assert_str_eq(alphabet_plain(a, plain), plain);
	arena_free(a);
}
END_TEST

/* No letter of ours has a replacement, and every replacement is of ours. */
START_TEST(replacements_are_for_others_letters)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		const char *p = letters[i].letters;

		while (*p != '\0') {
			size_t n = utf8_char(p, strlen(p), NULL);
			const char *instead = alphabet_replacement(p, n);

			if (letters[i].septets > 0)
				ck_assert_msg(
				    instead == NULL, "\"%.*s\"", (int)n, p);
			else if (instead != NULL)
				ck_assert_uint_eq(
				    alphabet_cost(instead).culprit, 0);
			p += n;
		}
	}
	ck_assert_ptr_null(alphabet_replacement("", 0));
}
END_TEST

static const struct {
	const char *text;
	size_t max;
	const char *words;
} quotations[] = {
	{ "Wasser im Keller", 20, "Wasser im Keller" },
	{ "Wasser im Keller", 10, "Wasser im" },
	{ "  a\n\tb  ", 20, "a b" },
	{ "", 20, "" },
	{ "🚰 … ***", 20, "" },
	{ "Спасибо", 20, "" },
	{ "garçon, Ça là!", 20, "garcon, Ça là!" },
	{ "Bu\xcc\x88ro", 20, "Buro" }, /* NFD: the accent on its own */
	{ "Ruedi’s Œuvre – 3½", 30, "Ruedi's OEuvre - 3" },
	{ "https://evil.example/x?y=1", 40, "https evil example x?y 1" },
	{ "a@b.ch", 20, "a b ch" },
	{ "{number}{{link}}", 20, "number link" },
	{ "Tel 079 123 45 67 danke", 40, "Tel danke" },
	{ "Tel 079-123,45!67 danke", 40, "Tel danke" },
	{ "0900123456", 20, "" },
	{ "8005", 20, "8005" },
	{ "3 Zimmer, 2 WC, 8005 ZH", 40, "3 Zimmer, 2 WC, 8005 ZH" },
	{ "öööö", 3, "ööö" },
	{ "\xff\xc3(", 20, "" },
};

START_TEST(a_stranger_s_words_become_harmless)
{
	struct arena *a = arena_new((size_t)64 * 1024);

	ck_assert_str_eq(
	    alphabet_words(a, quotations[_i].text, quotations[_i].max),
	    quotations[_i].words);
	arena_free(a);
}
END_TEST

/* What must hold of any quotation. */
static void
check_quotation(const char *words, size_t max)
{
	struct text_cost cost = alphabet_cost(words);
	int digits = 0;

	ck_assert_int_eq(cost.alphabet, ALPHABET_GSM7);
	ck_assert_int_le(cost.units, (int)max);
	ck_assert_msg(
	    strpbrk(words, "./:@{}\\^[]~|\r\n\t\f\"") == NULL, "\"%s\"", words);
	for (; *words != '\0'; words++) {
		if (isdigit((unsigned char)*words) != 0)
			ck_assert_int_le(++digits, 4);
		else if (isalpha((unsigned char)*words) != 0 || *words < 0)
			digits = 0;
	}
}

START_TEST(so_do_any_bytes)
{
	static const char pieces[][8] = { "1", "23", "+41", " ", ".", "/", "ä",
		"ç", "é", "💥", "\xcc\x88", "\xff", "a", "-", ",", "'", "\"",
		"{", "0", "9" };
	struct arena *a = arena_new((size_t)64 * 1024);
	uint32_t seed = 1;

	for (int turn = 0; turn < 1000; turn++) {
		struct buf b;

		buf_init(&b, a);
		for (int i = 0; i < 30; i++) {
			seed = seed * 1664525U + 1013904223U;
			buf_str(&b, pieces[(seed >> 16) % 20]);
		}
		check_quotation(alphabet_words(a, b.text, 24), 24);
		arena_reset(a);
	}
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("alphabet");
	TCase *tc = tcase_create("alphabet");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_text_costs_its_parts, 0,
	    (int)(sizeof(costs) / sizeof(costs[0])));
	tcase_add_loop_test(tc, every_letter_has_its_width, 0,
	    (int)(sizeof(letters) / sizeof(letters[0])));
	tcase_add_test(tc, the_culprit_is_the_first);
	tcase_add_loop_test(tc, a_plain_text_is_what_people_write_instead, 0,
	    (int)(sizeof(plains) / sizeof(plains[0])));
	tcase_add_test(tc, replacements_are_for_others_letters);
	tcase_add_loop_test(tc, a_stranger_s_words_become_harmless, 0,
	    (int)(sizeof(quotations) / sizeof(quotations[0])));
	tcase_add_test(tc, so_do_any_bytes);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
