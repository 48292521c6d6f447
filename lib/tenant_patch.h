/*
 * tenant_patch.h - changes of a firm's settings, merged into them
 *
 * Texts in, texts out: nothing here asks whether the outcome is a good document
 * (tenant_document.h does).
 */
#ifndef LIB_TENANT_PATCH_H
#define LIB_TENANT_PATCH_H

struct arena;
struct problem;

/*
 * text with patch merged into it as RFC 7396 says: what patch does not name
 * stays, null takes away. Both are JSON objects. NULL, with *why, where one of
 * them is none, or patch has a number that cannot be printed.
 */
char *tenant_patch_merge(
    struct arena *a, const char *text, const char *patch, struct problem *why);

/*
 * "phone=+41…", "config.sms.countries=[\"+41\"]" as a patch: a name or a path,
 * and a value that is JSON where the setting is no text. "name=" is null.
 */
char *tenant_patch_assignment(
    struct arena *a, const char *text, struct problem *why);

#endif
