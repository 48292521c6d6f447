/*
 * must_check.h - functions that nobody here may use, and results that nobody
 * may ignore
 *
 * Included on the command line before everything else (cmake/Flags.cmake), so
 * that a banned name stops the build with the compiler's own message.
 */
#ifndef LIB_MUST_CHECK_H
#define LIB_MUST_CHECK_H

#define must_check __attribute__((warn_unused_result))

#if defined(__GNUC__) && !defined(__cplusplus)
/* The system headers declare them, so they are read before the names go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * No bound on what they write. (strcpy as well, but uriparser's header names
 * it: tests/layout looks for that one.)
 */
#undef strcat
#undef sprintf
#undef vsprintf
#undef stpcpy
#pragma GCC poison strcat sprintf vsprintf stpcpy
/* Hidden state between calls, or one zone for the whole process. */
#pragma GCC poison strtok gmtime localtime ctime asctime
/* No way to tell "0" from "not a number". */
#pragma GCC poison atoi atol atoll atof
/* A shell between us and the program (system() is looked for as well). */
#pragma GCC poison popen
/* Names that another process may take first. */
#pragma GCC poison tmpnam tempnam mktemp
#endif

#endif
