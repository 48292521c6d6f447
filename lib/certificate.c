/*
 * certificate - how long a TLS certificate is still good for (libcrypto)
 */
#include "certificate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "problem.h"

int
certificate_days(int *out, const char *path, struct problem *why)
{
	FILE *f = fopen(path, "re");
	X509 *x;
	int days, seconds, rc = 0;

	if (f == NULL)
		return problem(why, PROBLEM_INTERNAL, NULL, "%s: %s", path,
		    strerror(errno));
	/* It passes over a key. */
	x = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	if (x != NULL)
		rc = ASN1_TIME_diff(
		    &days, &seconds, NULL, X509_get0_notAfter(x));
	X509_free(x);
	ERR_clear_error();
	if (rc != 1)
		return problem(
		    why, PROBLEM_INTERNAL, NULL, "%s: no certificate", path);
	/* Of the last day's seconds both signs are one. */
	*out = seconds < 0 ? days - 1 : days;
	return 0;
}
