/*
 * digest.h - hashes, random bytes and comparisons that leak no time (libcrypto)
 */
#ifndef LIB_DIGEST_H
#define LIB_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct digest_hex {
	char text[65];
};

/* Two lower-case hexadecimal digits a byte, and a NUL: 2 * len + 1 in all. */
void digest_hex(char *out, const void *bytes, size_t len);

/* SHA-256 in lower-case hexadecimal. */
struct digest_hex digest_sha256(const void *bytes, size_t len);

/* HMAC-SHA256 (RFC 2104) of a text. */
struct digest_mac {
	unsigned char bytes[32];
};
struct digest_mac digest_hmac_sha256(
    const void *key, size_t key_len, const char *text);

/* HMAC-SHA1 of a text, as Base64: what Twilio signs with. */
struct digest_base64 {
	char text[29];
};
struct digest_base64 digest_hmac_sha1(const char *key, const char *text);

/*
 * Decode Base64 with its padding (RFC 4648). The text in the arena, or NULL for
 * anything else, and for what holds a NUL once decoded.
 */
const char *digest_unbase64(struct arena *a, const char *text);

/* From the kernel's generator; ends the process if it has none. */
void digest_random(void *out, size_t len);

/* A code of len characters out of 0-9A-Za-z, evenly drawn, and a NUL. */
void digest_random_code(char *out, size_t len);

/* Equal? In a time that depends on the lengths only. */
bool digest_equal(const char *a, const char *b);

#endif
