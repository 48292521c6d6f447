/*
 * token - what a firm's own software shows to be let in
 */
#include "token.h"

#include <string.h>

struct token
token_new(void)
{
	struct token out = { .text = TOKEN_PREFIX };

	digest_random_code(out.text + strlen(TOKEN_PREFIX), TOKEN_CODE_LEN);
	out.hash = digest_sha256(out.text, strlen(out.text));
	return out;
}
