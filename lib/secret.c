/*
 * secret - the installation's key: seals what is kept, signs what comes back
 */
#include "secret.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "digest.h"
#include "problem.h"

#define BOX_MAX \
	(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + \
	    SECRET_TEXT_MAX)

/* For one use each: a key that signs is never one that seals. */
struct key {
	unsigned char bytes[crypto_secretbox_KEYBYTES];
};

_Static_assert(sizeof(struct key) == sizeof(struct digest_mac),
    "a key is made by HMAC-SHA256");

/*
 * The key of a purpose and a place, from the installation's: HMAC-SHA256 with
 * the words as its text.
 */
static int
key_derive(struct key *out, enum config which, const char *purpose,
    const char *place, struct problem *why)
{
	const char *hex = config_get(which);
	unsigned char whole[sizeof(out->bytes)];
	struct digest_mac mac;
	char words[200];
	size_t len;
	int n;

	if (*hex == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL, "%s is not set",
		    config_name(which));
	if (strlen(hex) != 2 * sizeof(whole) ||
	    sodium_hex2bin(whole, sizeof(whole), hex, strlen(hex), NULL, &len,
		NULL) != 0 ||
	    len != sizeof(whole))
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "%s must be %zu hexadecimal digits", config_name(which),
		    2 * sizeof(whole));
	n = snprintf(words, sizeof(words), "%s %s", purpose, place);
	if (n < 0 || (size_t)n >= sizeof(words))
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "No key for words of that length");
	mac = digest_hmac_sha256(whole, sizeof(whole), words);
	memcpy(out->bytes, mac.bytes, sizeof(out->bytes));
	sodium_memzero(whole, sizeof(whole));
	sodium_memzero(&mac, sizeof(mac));
	return 0;
}

int
secret_keys_check(struct problem *why)
{
	static const enum config keys[] = { CONFIG_SECRETS_KEY,
		CONFIG_SECRETS_KEY_OLD };
	struct key key;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (*config_get(keys[i]) == '\0')
			continue;
		if (key_derive(&key, keys[i], "check", "", why) != 0)
			return -1;
		sodium_memzero(&key, sizeof(key));
	}
	return 0;
}

int
secret_seal(const char **out, struct arena *a, const char *place,
    const char *text, struct problem *why)
{
	unsigned char box[BOX_MAX];
	unsigned char *sealed = box + crypto_secretbox_NONCEBYTES;
	size_t len = strlen(text);
	size_t box_len =
	    crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + len;
	struct key key;
	char *hex;

	if (len > SECRET_TEXT_MAX)
		return problem(why, PROBLEM_FIELD_TOO_LONG, NULL,
		    "A secret may have %d bytes", SECRET_TEXT_MAX);
	if (key_derive(&key, CONFIG_SECRETS_KEY, "seal", place, why) != 0)
		return -1;
	digest_random(box, crypto_secretbox_NONCEBYTES);
	(void)crypto_secretbox_easy(
	    sealed, (const unsigned char *)text, len, box, key.bytes);
	sodium_memzero(&key, sizeof(key));
	hex = arena_alloc(a, 2 + 2 * box_len + 1);
	hex[0] = '\\';
	hex[1] = 'x';
	(void)sodium_bin2hex(hex + 2, 2 * box_len + 1, box, box_len);
	*out = hex;
	return 0;
}

/* The bytes of a box, or 0 if it cannot be one. */
static size_t
box_read(unsigned char *out, const char *text)
{
	size_t len;

	if (strncmp(text, "\\x", 2) != 0)
		return 0;
	text += 2;
	if (sodium_hex2bin(
		out, BOX_MAX, text, strlen(text), NULL, &len, NULL) != 0 ||
	    2 * len != strlen(text) ||
	    len < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES)
		return 0;
	return len;
}

int
secret_open(const char **out, struct arena *a, const char *place,
    const char *box, struct problem *why)
{
	static const enum config keys[] = { CONFIG_SECRETS_KEY,
		CONFIG_SECRETS_KEY_OLD };
	unsigned char bytes[BOX_MAX];
	size_t len = box_read(bytes, box);
	char *text;

	if (len == 0)
		return problem(
		    why, PROBLEM_INTERNAL, NULL, "A sealed secret is damaged");
	text = arena_alloc(a, len);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct key key;
		int rc;

		if (i > 0 && *config_get(keys[i]) == '\0')
			break;
		if (key_derive(&key, keys[i], "seal", place, why) != 0)
			return -1;
		rc = crypto_secretbox_open_easy((unsigned char *)text,
		    bytes + crypto_secretbox_NONCEBYTES,
		    len - crypto_secretbox_NONCEBYTES, bytes, key.bytes);
		sodium_memzero(&key, sizeof(key));
		if (rc == 0) {
			*out = text;
			return 0;
		}
	}
	return problem(why, PROBLEM_INTERNAL, NULL,
	    "A sealed secret does not open with SECRETS_KEY%s",
	    *config_get(CONFIG_SECRETS_KEY_OLD) == '\0'
		? ""
		: " nor SECRETS_KEY_OLD");
}

static int
sign(struct secret_mac *out, enum config which, const char *purpose,
    const char *text, struct problem *why)
{
	struct digest_mac mac;
	struct key key;

	if (key_derive(&key, which, "sign", purpose, why) != 0)
		return -1;
	mac = digest_hmac_sha256(key.bytes, sizeof(key.bytes), text);
	sodium_memzero(&key, sizeof(key));
	(void)sodium_bin2hex(
	    out->text, sizeof(out->text), mac.bytes, sizeof(out->text) / 2);
	return 0;
}

int
secret_sign(struct secret_mac *out, const char *purpose, const char *text,
    struct problem *why)
{
	return sign(out, CONFIG_SECRETS_KEY, purpose, text, why);
}

bool
secret_is_signed(const char *mac, const char *purpose, const char *text)
{
	struct secret_mac made;
	struct problem why;
	bool fits = false;

	if (sign(&made, CONFIG_SECRETS_KEY, purpose, text, &why) == 0)
		fits = digest_equal(mac, made.text);
	if (sign(&made, CONFIG_SECRETS_KEY_OLD, purpose, text, &why) == 0)
		fits = digest_equal(mac, made.text) || fits;
	return fits;
}
