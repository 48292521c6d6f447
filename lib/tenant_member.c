/*
 * tenant_member - which members a firm's config has
 */
#include "tenant_member.h"

#include <string.h>

#include "tenant_value.h"

static const struct tenant_member members[] = {
#define MEMBER(path, kind, least, most, good, need, purpose) \
	{ path, TENANT_KIND_##kind, least, most, good, TENANT_NEED_##need, \
		purpose },
#include "tenant_member.def"
#undef MEMBER
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static const bool is_text[TENANT_KIND_MAX] = {
#define KIND(code, check, text, words) [TENANT_KIND_##code] = (text),
#include "tenant_kind.def"
#undef KIND
};

const struct tenant_member *
tenant_member_root(void)
{
	return &members[0];
}

const char *
tenant_member_name(const struct tenant_member *m)
{
	const char *slash = strrchr(m->path, '/');

	return slash == NULL ? m->path : slash + 1;
}

static bool
is_child(const struct tenant_member *m, const struct tenant_member *parent)
{
	size_t len = strlen(parent->path);
	const char *name = m->path;

	if (m == parent || strncmp(name, parent->path, len) != 0)
		return false;
	if (len > 0) {
		if (name[len] != '/')
			return false;
		name += len + 1;
	}
	return strchr(name, '/') == NULL;
}

const struct tenant_member *
tenant_member_next(
    const struct tenant_member *parent, const struct tenant_member *after)
{
	const struct tenant_member *m = after == NULL ? members : after + 1;

	for (; m < members + MEMBERS; m++)
		if (is_child(m, parent))
			return m;
	return NULL;
}

const struct tenant_member *
tenant_member_child(const struct tenant_member *parent, const char *name)
{
	const struct tenant_member *m = NULL;

	while ((m = tenant_member_next(parent, m)) != NULL)
		if (strcmp(tenant_member_name(m), name) == 0)
			return m;
	return NULL;
}

const struct tenant_member *
tenant_member_like(const struct tenant_member *parent, const char *name)
{
	const struct tenant_member *m = NULL, *nearest = NULL;
	size_t least = TENANT_VALUE_FAR;

	while ((m = tenant_member_next(parent, m)) != NULL) {
		size_t far = tenant_value_distance(tenant_member_name(m), name);

		if (far < least) {
			least = far;
			nearest = m;
		}
	}
	return nearest;
}

bool
tenant_member_is_text(const struct tenant_member *m)
{
	return is_text[m->kind];
}
