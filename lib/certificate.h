/*
 * certificate.h - how long a TLS certificate is still good for (libcrypto)
 */
#ifndef LIB_CERTIFICATE_H
#define LIB_CERTIFICATE_H

struct problem;

/*
 * Whole days, by the system's clock, until the first certificate of a PEM file
 * ends, whatever else is in there; negative where it has ended. -1 with *why:
 * the file cannot be read, or has none.
 */
int certificate_days(int *out, const char *path, struct problem *why);

#endif
