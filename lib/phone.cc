/*
 * phone - telephone numbers, always E.164 once inside
 *
 * The C++ ends here: what may throw is noexcept on its way out, so that an
 * exception (there is only the one for memory that ran out) ends the process
 * as everywhere else and never unwinds through C.
 */
#include "phone.h"

#include <cassert>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>
#include <string>
#include <vector>

extern "C" {
#pragma GCC diagnostic push
/* To C++ the function problem() hides the constructor of its struct. */
#pragma GCC diagnostic ignored "-Wshadow"
#include "problem.h"
#pragma GCC diagnostic pop
#include "utf8.h"
}

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

namespace
{

/*
 * The library is quadratic in the length of what it reads: 10,000 digits take
 * it a second. Numbers as people write them stay below this.
 */
constexpr size_t TEXT_MAX = 40;

/* No E.164 number has more digits, none that may be dialled has fewer. */
constexpr size_t DIGITS_MAX = 15;
constexpr size_t DIGITS_MIN = 7;

/* What the library is told where no region is known. */
constexpr char REGION_NONE[] = "ZZ";

/*
 * What keyboards, web pages and copied contacts put where ASCII is meant. The
 * library knows some of them, but refuses a thin space (U+2009), and three
 * bytes a digit would use up TEXT_MAX.
 */
enum fold_how {
	DROPPED,
	ASCII,
	DIGITS
};

const struct {
	uint32_t first;
	uint32_t last;
	fold_how how;
	char to;
} folds[] = {
	{ 0x0009, 0x000d, ASCII, ' ' },
	{ 0x0027, 0x0027, ASCII, ' ' }, /* 079'123'45'67, as Swiss amounts */
	{ 0x005f, 0x0060, ASCII, ' ' },
	{ 0x0085, 0x0085, ASCII, ' ' },
	{ 0x00a0, 0x00a0, ASCII, ' ' },
	{ 0x00ad, 0x00ad, DROPPED, 0 },
	{ 0x00b4, 0x00b4, ASCII, ' ' },
	{ 0x00b7, 0x00b7, ASCII, '.' },
	{ 0x02bc, 0x02bc, ASCII, ' ' },
	{ 0x061c, 0x061c, DROPPED, 0 },
	{ 0x0660, 0x0669, DIGITS, '0' },
	{ 0x06f0, 0x06f9, DIGITS, '0' },
	{ 0x1680, 0x1680, ASCII, ' ' },
	{ 0x180e, 0x180e, DROPPED, 0 },
	{ 0x2000, 0x200a, ASCII, ' ' },
	{ 0x200b, 0x200f, DROPPED, 0 },
	{ 0x2010, 0x2015, ASCII, '-' },
	{ 0x2018, 0x2019, ASCII, ' ' },
	{ 0x2022, 0x2022, ASCII, '.' },
	{ 0x2024, 0x2024, ASCII, '.' },
	{ 0x2027, 0x2027, ASCII, '.' },
	{ 0x2028, 0x2029, ASCII, ' ' },
	{ 0x202a, 0x202e, DROPPED, 0 },
	{ 0x202f, 0x202f, ASCII, ' ' },
	{ 0x2032, 0x2032, ASCII, ' ' },
	{ 0x2044, 0x2044, ASCII, '/' },
	{ 0x205f, 0x205f, ASCII, ' ' },
	{ 0x2060, 0x206f, DROPPED, 0 },
	{ 0x20e3, 0x20e3, DROPPED, 0 }, /* a digit on a key */
	{ 0x2212, 0x2212, ASCII, '-' },
	{ 0x2215, 0x2215, ASCII, '/' },
	{ 0x2219, 0x2219, ASCII, '.' },
	{ 0x22c5, 0x22c5, ASCII, '.' },
	{ 0x3000, 0x3000, ASCII, ' ' },
	{ 0x30fb, 0x30fb, ASCII, '.' },
	{ 0xfe00, 0xfe0f, DROPPED, 0 },
	{ 0xfe52, 0xfe52, ASCII, '.' },
	{ 0xfe58, 0xfe58, ASCII, '-' },
	{ 0xfe63, 0xfe63, ASCII, '-' },
	{ 0xfeff, 0xfeff, DROPPED, 0 },
	{ 0xff08, 0xff08, ASCII, '(' },
	{ 0xff09, 0xff09, ASCII, ')' },
	{ 0xff0b, 0xff0b, ASCII, '+' },
	{ 0xff0d, 0xff0d, ASCII, '-' },
	{ 0xff0e, 0xff0e, ASCII, '.' },
	{ 0xff0f, 0xff0f, ASCII, '/' },
	{ 0xff10, 0xff19, DIGITS, '0' },
	{ 0xff3f, 0xff40, ASCII, ' ' },
	{ 0xff65, 0xff65, ASCII, '.' },
};

/* The ASCII character meant by cp, 0 for none at all, -1 for cp itself. */
int
folded(uint32_t cp)
{
	for (const auto &f : folds) {
		if (cp < f.first)
			break; /* they are in order */
		if (cp > f.last)
			continue;
		if (f.how == DROPPED)
			return 0;
		if (f.how == DIGITS)
			return f.to + static_cast<int>(cp - f.first);
		return f.to;
	}
	return -1;
}

/*
 * text with every kind of space as one ' ' between words and none around, and
 * the other stand-ins folded; false if it is no text or longer than TEXT_MAX
 * then. Reads no further than it must to know.
 */
bool
squeeze(char out[TEXT_MAX + 1], const char *text)
{
	size_t left = strlen(text), len = 0;
	bool gap = false;

	while (left > 0) {
		uint32_t cp = 0;
		size_t n = utf8_char(text, left, &cp);
		int c = folded(cp);
		char ascii = static_cast<char>(c);
		const char *from = c < 0 ? text : &ascii;
		size_t size = c < 0 ? n : 1;

		if (n == 0 || (cp < 0x20 && c != ' ') || cp == 0x7f)
			return false;
		text += n;
		left -= n;
		if (c == 0)
			continue;
		if (c == ' ' || cp == ' ') {
			gap = len > 0;
			continue;
		}
		if (len + size + (gap ? 1 : 0) > TEXT_MAX)
			return false;
		if (gap)
			out[len++] = ' ';
		gap = false;
		memcpy(out + len, from, size);
		len += size;
	}
	out[len] = '\0';
	return true;
}

/*
 * What it logs quotes the number, and the default logger writes to standard
 * output, which belongs to the protocol of the program around us.
 */
PhoneNumberUtil *
library()
{
	static PhoneNumberUtil *const util = [] {
		PhoneNumberUtil *u = PhoneNumberUtil::GetInstance();

		u->SetLogger(new NullLogger);
		return u;
	}();

	return util;
}

phone_kind
kind_of(PhoneNumberUtil::PhoneNumberType type)
{
	switch (type) {
	case PhoneNumberUtil::MOBILE:
		return PHONE_MOBILE;
	case PhoneNumberUtil::FIXED_LINE:
		return PHONE_FIXED;
	case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
		return PHONE_FIXED_OR_MOBILE;
	case PhoneNumberUtil::TOLL_FREE:
		return PHONE_TOLL_FREE;
	case PhoneNumberUtil::PREMIUM_RATE:
		return PHONE_PREMIUM;
	case PhoneNumberUtil::SHARED_COST:
		return PHONE_SHARED_COST;
	case PhoneNumberUtil::VOIP:
		return PHONE_VOIP;
	case PhoneNumberUtil::PAGER:
		return PHONE_PAGER;
	case PhoneNumberUtil::VOICEMAIL:
		return PHONE_VOICEMAIL;
	case PhoneNumberUtil::PERSONAL_NUMBER:
	case PhoneNumberUtil::UAN:
	case PhoneNumberUtil::UNKNOWN:
		break;
	}
	return PHONE_OTHER;
}

/* "0800 FLOWERS": letters behind a digit that are no extension. */
bool
is_vanity(const char *text) noexcept
{
	const char *digit = strpbrk(text, "0123456789");

	if (digit == nullptr)
		return false;
	for (const char *p = digit; *p != '\0'; p++)
		if (isalpha(static_cast<unsigned char>(*p)) != 0)
			return library()->IsAlphaNumber(text);
	return false;
}

/*
 * Most numbers come as E.164 from one of these. Parse() makes of it what stands
 * there, by way of a dozen regular expressions that take longer than the rest
 * of the request: in these plans nothing but a 0 or a 1 at the beginning could
 * be read in another way. test_phone holds both ways against each other.
 */
constexpr struct {
	const char *digits;
	int code;
} PLAIN_CODES[] = { { "33", 33 }, { "39", 39 }, { "41", 41 }, { "43", 43 },
	{ "49", 49 }, { "423", 423 } };
constexpr size_t PLAIN_MIN = 4, PLAIN_MAX = 13; /* digits behind the code */

bool
read_plain(PhoneNumber *out, const std::string &text)
{
	if (text[0] != '+')
		return false;
	for (const auto &country : PLAIN_CODES) {
		size_t len = strlen(country.digits);

		if (text.compare(1, len, country.digits) != 0)
			continue;
		const char *rest = text.c_str() + 1 + len;
		size_t digits = text.size() - 1 - len;
		if (digits < PLAIN_MIN || digits > PLAIN_MAX || *rest < '2' ||
		    strspn(rest, "0123456789") != digits)
			return false;
		out->set_country_code(country.code);
		out->set_national_number(strtoull(rest, nullptr, 10));
		return true;
	}
	return false;
}

/*
 * A number has a type if and only if IsValidNumber() accepts it; asking for
 * the type alone saves a third of the time.
 */
bool
read_number(struct phone *out, const std::string &text, const char *region)
{
	PhoneNumber number;
	std::string e164;

	if (!read_plain(&number, text) &&
	    library()->Parse(text, region, &number) !=
		PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	PhoneNumberUtil::PhoneNumberType type =
	    library()->GetNumberType(number);
	if (type == PhoneNumberUtil::UNKNOWN)
		return false;
	library()->Format(number, PhoneNumberUtil::E164, &e164);
	if (e164.size() < DIGITS_MIN + 1 || e164.size() > DIGITS_MAX + 1)
		return false;
	memcpy(out->e164, e164.c_str(), e164.size() + 1);
	out->kind = kind_of(type);
	out->country = number.country_code();
	return true;
}

bool
read_text(struct phone *out, const char *text, const char *region) noexcept
{
	if (is_vanity(text))
		return false;
	if (read_number(out, text, region))
		return true;
	/*
	 * 00 is the way abroad from most countries, but not from all, and
	 * providers write 0041 whatever the region of the firm.
	 */
	return strncmp(text, "00", 2) == 0 &&
	       read_number(out, std::string("+") + (text + 2), REGION_NONE);
}

bool
read_region(char region[3], const char *e164) noexcept
{
	PhoneNumber number;
	std::string code;

	if (library()->Parse(e164, REGION_NONE, &number) !=
	    PhoneNumberUtil::NO_PARSING_ERROR)
		return false;
	library()->GetRegionCodeForNumber(number, &code);
	/* "001" stands for no country, "ZZ" for nothing valid. */
	if (code.size() != 2 || code == REGION_NONE)
		return false;
	memcpy(region, code.c_str(), 3);
	return true;
}

/* As it is dialled in its own country; what is no number as it is. */
void
show(char shown[PHONE_SHOWN_SIZE], const char *e164) noexcept
{
	PhoneNumber number;
	std::string text;

	if (library()->Parse(e164, REGION_NONE, &number) ==
	    PhoneNumberUtil::NO_PARSING_ERROR)
		library()->Format(number, PhoneNumberUtil::NATIONAL, &text);
	(void)snprintf(
	    shown, PHONE_SHOWN_SIZE, "%s", text.empty() ? e164 : text.c_str());
}

/*
 * Numbers and words that networks send for a caller who shows none, without
 * the '+' that some of them get. The numbers spell ANONYMOUS, RESTRICTED,
 * UNAVAILABLE, BLOCKED and UNKNOWN on a keypad.
 */
const char *const withheld[] = {
	"266696687",
	"7378742833",
	"86282452253",
	"2562533",
	"8656696",
	"anonymous",
	"restricted",
	"unavailable",
	"unknown",
	"private",
	"blocked",
	"withheld",
};

/* Callers who have an address of another kind. */
const char *const other_addresses[] = { "client:", "sip:", "sips:" };

/*
 * Area codes on +1 that are neither of the United States nor of Canada: a dozen
 * of islands, toll fraud's favourite. All seven digits behind one are of the
 * same region.
 */
constexpr unsigned long AREAS = 1000;
constexpr size_t AREA_DIGITS = 3;

const std::vector<bool> &
islands()
{
	static const std::vector<bool> known = [] {
		std::vector<bool> out(AREAS, false);

		for (unsigned long area = 200; area < AREAS; area++) {
			PhoneNumber number;
			std::string region;

			number.set_country_code(1);
			number.set_national_number(area * 10000000 + 2345678);
			library()->GetRegionCodeForNumber(number, &region);
			out[area] = region != "US" && region != "CA" &&
			            region != REGION_NONE;
		}
		return out;
	}();

	return known;
}

/* "242|246|...": for a regular expression. */
std::string
islands_text()
{
	std::string out;

	for (unsigned long area = 0; area < AREAS; area++)
		if (islands()[area])
			out += (out.empty() ? "" : "|") + std::to_string(area);
	return out;
}

/* The digits of a calling code that there is, whole: "41" of "+41"; else "". */
std::string
code_of(const char *country)
{
	size_t digits =
	    std::strspn(country + (*country == '+' ? 1 : 0), "0123456789");
	std::string region = REGION_NONE;

	if (*country != '+' || country[1] == '0' || digits == 0 ||
	    digits > AREA_DIGITS || country[1 + digits] != '\0')
		return "";
	library()->GetRegionCodeForCountryCode(
	    static_cast<int>(std::strtol(country + 1, nullptr, 10)), &region);
	return region == REGION_NONE ? "" : country + 1;
}

} // namespace

const char *
phone_kind_name(enum phone_kind kind)
{
	switch (kind) {
	case PHONE_MOBILE:
		return "mobile";
	case PHONE_FIXED:
		return "fixed";
	case PHONE_FIXED_OR_MOBILE:
		return "fixed_or_mobile";
	case PHONE_TOLL_FREE:
		return "toll_free";
	case PHONE_PREMIUM:
		return "premium";
	case PHONE_SHARED_COST:
		return "shared_cost";
	case PHONE_VOIP:
		return "voip";
	case PHONE_PAGER:
		return "pager";
	case PHONE_VOICEMAIL:
		return "voicemail";
	case PHONE_OTHER:
		return "other";
	case PHONE_KIND_MAX:
		break;
	}
	abort();
}

void
phone_init(void)
{
	struct phone warm;

	/* The first number of a region compiles its patterns. */
	(void)read_text(&warm, "+41790000001", REGION_NONE);
}

int
phone_parse(struct phone *out, const char *text, const char *region,
    const char *field, struct problem *why)
{
	char squeezed[TEXT_MAX + 1];

	if (region == nullptr || *region == '\0')
		region = REGION_NONE;
	if (text == nullptr || !squeeze(squeezed, text) ||
	    !read_text(out, squeezed, region))
		return problem(why, PROBLEM_PHONE_INVALID, field,
		    "This is not a valid telephone number. Write it with "
		    "its area code, or from abroad: +41 79 000 00 01");
	return 0;
}

bool
phone_is_withheld(const char *text)
{
	char squeezed[TEXT_MAX + 1];
	const char *p = squeezed;

	if (text == nullptr)
		return true;
	for (const char *prefix : other_addresses)
		if (strncasecmp(text, prefix, strlen(prefix)) == 0)
			return true;
	if (!squeeze(squeezed, text))
		return false;
	if (*p == '+')
		p++;
	for (const char *word : withheld)
		if (strcasecmp(p, word) == 0)
			return true;
	return *p == '\0';
}

bool
phone_takes_sms(const struct phone *p)
{
	return p->kind == PHONE_MOBILE || p->kind == PHONE_FIXED_OR_MOBILE;
}

bool
phone_destination_allowed(
    const struct phone *p, const char *const *countries, size_t n)
{
	char code[8];

	if (p->country == 1 &&
	    islands()[std::strtoul(
		std::string(p->e164 + 2, AREA_DIGITS).c_str(), nullptr, 10)])
		return false;
	(void)snprintf(code, sizeof(code), "+%d", p->country);
	for (size_t i = 0; i < n; i++)
		if (strcmp(countries[i], code) == 0)
			return true;
	return false;
}

void
phone_destinations(
    struct phone_reach *out, const char *const *countries, size_t n)
{
	std::string text;

	for (size_t i = 0; i < n; i++) {
		std::string code = code_of(countries[i]);

		if (code.empty())
			continue;
		text += text.empty() ? "^\\+(?:" : "|";
		text += code;
		if (code == "1")
			text += "(?!" + islands_text() + ")";
	}
	/* Of no country at all no number begins so. */
	text += text.empty() ? "^$" : ")";
	assert(text.size() < sizeof(out->pattern));
	std::memcpy(out->pattern, text.c_str(), text.size() + 1);
}

int
phone_region_of(char region[3], const char *e164)
{
	return read_region(region, e164) ? 0 : -1;
}

void
phone_show(char shown[PHONE_SHOWN_SIZE], const char *e164)
{
	show(shown, e164);
}
