/*
 * network - is an address in one of these networks?
 */
#include "network.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define BITS 128
#define ENTRY_MAX 64

/* IPv4 stands in its place inside IPv6, so there is one kind of address. */
struct network {
	unsigned char bytes[BITS / 8];
	unsigned bits; /* that count, from the left */
};

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static int
address_read(struct network *out, const char *text, unsigned *most)
{
	*most = BITS;
	out->bits = BITS;
	if (strchr(text, ':') != NULL)
		return inet_pton(AF_INET6, text, out->bytes) == 1 ? 0 : -1;
	*most = 32;
	memcpy(out->bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, out->bytes + sizeof(mapped)) == 1 ? 0
	                                                                  : -1;
}

/* "192.0.2.0/24", which is not terminated. */
static int
network_read(struct network *out, const char *text, size_t len)
{
	char entry[ENTRY_MAX], *slash;
	unsigned most;
	unsigned long bits;

	if (len == 0 || len >= sizeof(entry))
		return -1;
	memcpy(entry, text, len);
	entry[len] = '\0';
	slash = strchr(entry, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (address_read(out, entry, &most) != 0)
		return -1;
	if (slash == NULL)
		return 0;
	if (*slash == '\0' || strlen(slash) > 3 ||
	    strspn(slash, "0123456789") != strlen(slash))
		return -1;
	bits = strtoul(slash, NULL, 10);
	if (bits > most)
		return -1;
	out->bits = (unsigned)bits + BITS - most;
	return 0;
}

static bool
is_inside(const struct network *n, const struct network *address)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	unsigned char mask = (unsigned char)(0xff00U >> rest);

	return memcmp(n->bytes, address->bytes, whole) == 0 &&
	       (rest == 0 ||
		   ((n->bytes[whole] ^ address->bytes[whole]) & mask) == 0);
}

/* The entries, one after the other; NULL behind the last. */
static const char *
entry_next(const char **rest, const char *end, size_t *len)
{
	const char *entry = *rest;
	const char *comma;

	if (entry == NULL)
		return NULL;
	comma = memchr(entry, ',', (size_t)(end - entry));
	*len = (size_t)((comma == NULL ? end : comma) - entry);
	*rest = comma == NULL ? NULL : comma + 1;
	return entry;
}

bool
network_list_is_valid(const char *list, size_t len)
{
	const char *rest = list, *entry;
	struct network n;
	size_t entry_len;

	while ((entry = entry_next(&rest, list + len, &entry_len)) != NULL)
		if (network_read(&n, entry, entry_len) != 0)
			return false;
	return true;
}

bool
network_list_has(const char *list, size_t len, const char *address)
{
	const char *rest = list, *entry;
	struct network from, n;
	size_t entry_len;

	if (strchr(address, '/') != NULL ||
	    network_read(&from, address, strlen(address)) != 0)
		return false;
	while ((entry = entry_next(&rest, list + len, &entry_len)) != NULL)
		if (network_read(&n, entry, entry_len) == 0 &&
		    is_inside(&n, &from))
			return true;
	return false;
}
