/*
 * notify.h - tells systemd, if it is the supervisor, how a program is
 *
 * The protocol of sd_notify(3): a datagram to the socket that NOTIFY_SOCKET
 * names. Without that variable nothing is said. Source: systemd's
 * documentation of the protocol, which it keeps stable.
 */
#ifndef LIB_NOTIFY_H
#define LIB_NOTIFY_H

/* It serves; status is one line for systemctl status. */
void notify_ready(const char *status);

/* It has been told to stop, and finishes. */
void notify_stopping(void);

/*
 * It is alive: call it at least every few seconds. Said only when systemd
 * watches (WATCHDOG_USEC), and then a few times in that time.
 */
void notify_alive(void);

#endif
