/*
 * token.h - what a firm's own software shows to be let in
 *
 * A random code behind a prefix by which people and scanners of leaked secrets
 * recognise it. Only its hash is stored: who made it sees it once.
 */
#ifndef LIB_TOKEN_H
#define LIB_TOKEN_H

#include "digest.h"

#define TOKEN_PREFIX "ofk_"
/* 62^40: 238 bits */
#define TOKEN_CODE_LEN 40

/* What it lets in: the routes that act for the firm, or reports to it. */
#define TOKEN_SCOPE_API "api"
#define TOKEN_SCOPE_WEBHOOK "webhook"

struct token {
	char text[sizeof(TOKEN_PREFIX) + TOKEN_CODE_LEN];
	struct digest_hex hash; /* as the database knows it */
};

struct token token_new(void);

#endif
