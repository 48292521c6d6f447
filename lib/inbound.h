/*
 * inbound.h - a text that a contact sent to a firm
 */
#ifndef LIB_INBOUND_H
#define LIB_INBOUND_H

struct problem;
struct request;
struct tenant;
struct told;

/*
 * A text to that firm does what it asks for, and is kept. *answer is JSON that
 * says what was decided.
 */
int inbound_take(const char **answer, const struct tenant *firm,
    const struct told *told, const struct request *req, struct problem *why);

#endif
