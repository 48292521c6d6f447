/*
 * stmt - the SQL of this house: one statement per file of lib/sql
 */
#include "stmt.h"

#include "stmt_text.inc"

static const struct {
	const char *name;
	const unsigned char *sql;
	int params;
	enum stmt_role role;
} statements[STMT_MAX] = {
#define STMT(upper, lower, params, role) \
	[STMT_##upper] = { #lower, text_##lower, params, role },
#include "stmt.def"
#undef STMT
};

const char *
stmt_name(enum stmt s)
{
	return statements[s].name;
}

const char *
stmt_sql(enum stmt s)
{
	return (const char *)statements[s].sql;
}

int
stmt_params(enum stmt s)
{
	return statements[s].params;
}

enum stmt_role
stmt_role(enum stmt s)
{
	return statements[s].role;
}
