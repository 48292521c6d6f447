/*
 * signals.h - to be told to end, where a program waits for other things too
 */
#ifndef LIB_SIGNALS_H
#define LIB_SIGNALS_H

/*
 * From here on SIGTERM, SIGINT, SIGHUP and SIGQUIT interrupt nothing: the
 * descriptor becomes readable instead (signalfd(2)), and does not block. It is
 * the caller's, who keeps it until the end. SIGPIPE is ignored. -1 with errno.
 */
int signals_open(void);

#endif
