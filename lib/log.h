/*
 * log.h - lines for the person who runs this, on standard error
 *
 * One line per call, "name[pid]: level: text", written with one write(2) so
 * that workers sharing a file do not mix. Telephone numbers go through
 * log_masked(), secrets never get here.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

/* The name that begins each line. Kept, not copied. */
void log_open(const char *name);

enum log_level {
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR
};

void log_at(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

struct masked {
	char text[32];
};

/* "+41 79 *** ** 67": enough to recognise, too little to call. */
struct masked log_masked(const char *phone);

#endif
