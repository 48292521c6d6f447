/*
 * stmt.h - the SQL of this house: one statement per file of lib/sql
 *
 * The enum and a struct of parameters per statement are generated from the
 * files' header comments (cmake/statements.cmake): a statement's parameters are
 * bound by name, never by position, and every one of them is text or NULL.
 */
#ifndef LIB_STMT_H
#define LIB_STMT_H

/* Which role of the database runs a statement; programs prepare their own. */
enum stmt_role {
	STMT_ROLE_WEB = 1,
	STMT_ROLE_SERVICE = 2,
	STMT_ROLE_OWNER = 4,
	STMT_ROLE_COMMAND = 8, /* the operator's, who connects as the service */
	STMT_ROLE_ANY = 15
};

enum stmt {
#define STMT(upper, lower, params, role) STMT_##upper,
#include "stmt.def"
#undef STMT
	STMT_MAX
};

#include "stmt_params.h"

const char *stmt_name(enum stmt s);
const char *stmt_sql(enum stmt s);
int stmt_params(enum stmt s);
enum stmt_role stmt_role(enum stmt s);

#endif
