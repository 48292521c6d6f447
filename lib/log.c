/*
 * log - lines for the person who runs this, on standard error
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const char *log_name = "opsfabric";

void
log_open(const char *name)
{
	log_name = name;
}

__attribute__((format(printf, 2, 0))) static void
log_line(const char *level, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	size_t len;
	int n;

	n = snprintf(
	    line, sizeof(line), "%s[%d]: %s: ", log_name, (int)getpid(), level);
	len = n < 0 ? 0 : (size_t)n;
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	len += n < 0 ? 0 : (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	/* What a stranger sent must not begin a line of its own. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[len] = '\n';
	if (write(STDERR_FILENO, line, len + 1) < 0)
		return; /* nowhere left to say so */
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_ERROR] = "error",
	};
	va_list ap;

	va_start(ap, fmt);
	log_line(names[level], fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("info", fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("warning", fmt, ap);
	va_end(ap);
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line("error", fmt, ap);
	va_end(ap);
}

struct masked
log_masked(const char *phone)
{
	struct masked out;
	size_t len = phone == NULL ? 0 : strlen(phone);

	if (len < 8)
		(void)snprintf(out.text, sizeof(out.text), "***");
	else
		(void)snprintf(out.text, sizeof(out.text),
		    "%.3s %.2s *** ** %s", phone, phone + 3, phone + len - 2);
	return out;
}
