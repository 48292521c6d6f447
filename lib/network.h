/*
 * network.h - is an address in one of these networks?
 */
#ifndef LIB_NETWORK_H
#define LIB_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A list of addresses and networks: "192.0.2.7,198.51.100.0/24,2001:db8::/32".
 * An IPv4 address that came over an IPv6 socket ("::ffff:192.0.2.7") counts as
 * the one it is.
 */
bool network_list_is_valid(const char *list, size_t len);

/* False for an address that is none, and for what is wrong in the list. */
bool network_list_has(const char *list, size_t len, const char *address);

#endif
