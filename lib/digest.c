/*
 * digest - hashes, random bytes and comparisons that leak no time (libcrypto)
 */
#include "digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "arena.h"

void
digest_hex(char *out, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}

/* SHA256() would look the algorithm up each time, which takes longer than it.
 */
static const EVP_MD *
sha256(void)
{
	static const EVP_MD *known;

	if (known == NULL)
		known = EVP_MD_fetch(NULL, "SHA256", NULL);
	return known;
}

struct digest_hex
digest_sha256(const void *bytes, size_t len)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct digest_hex out;

	/* It fails only where SHA-256 is not to be had. */
	if (EVP_Digest(bytes, len, hash, NULL, sha256(), NULL) != 1)
		abort();
	digest_hex(out.text, hash, sizeof(hash));
	return out;
}

struct digest_mac
digest_hmac_sha256(const void *key, size_t key_len, const char *text)
{
	struct digest_mac out;

	/* It fails only where SHA-256 is not to be had. */
	if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text,
		strlen(text), out.bytes, NULL) == NULL)
		abort();
	return out;
}

struct digest_base64
digest_hmac_sha1(const char *key, const char *text)
{
	unsigned char mac[SHA_DIGEST_LENGTH];
	struct digest_base64 out;

	/* It fails only where SHA-1 is not to be had. */
	if (HMAC(EVP_sha1(), key, (int)strlen(key), (const unsigned char *)text,
		strlen(text), mac, NULL) == NULL)
		abort();
	(void)EVP_EncodeBlock((unsigned char *)out.text, mac, sizeof(mac));
	return out;
}

const char *
digest_unbase64(struct arena *a, const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), padding = len - strspn(text, letters);
	unsigned char *out;
	int decoded;

	if (len == 0 || len % 4 != 0 || len > INT_MAX || padding > 2 ||
	    strspn(text + len - padding, "=") != padding)
		return NULL;
	out = arena_alloc(a, len / 4 * 3 + 1);
	/* It takes the padding for letters. */
	decoded = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	if (decoded != (int)(len / 4 * 3))
		return NULL;
	out[(size_t)decoded - padding] = '\0';
	return strlen((char *)out) == (size_t)decoded - padding ? (char *)out
	                                                        : NULL;
}

void
digest_random(void *out, size_t len)
{
	unsigned char *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}

void
digest_random_code(char *out, size_t len)
{
	static const char letters[] = "0123456789"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	const unsigned count = sizeof(letters) - 1;
	unsigned char byte;

	for (size_t i = 0; i < len;) {
		digest_random(&byte, 1);
		/* The rest above would favour the first letters. */
		if (byte < 256 / count * count)
			out[i++] = letters[byte % count];
	}
	out[len] = '\0';
}

bool
digest_equal(const char *a, const char *b)
{
	struct digest_hex x = digest_sha256(a, strlen(a));
	struct digest_hex y = digest_sha256(b, strlen(b));

	return CRYPTO_memcmp(x.text, y.text, sizeof(x.text)) == 0;
}
