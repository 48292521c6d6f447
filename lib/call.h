/*
 * call.h - a call that nobody took
 */
#ifndef LIB_CALL_H
#define LIB_CALL_H

struct problem;
struct request;
struct tenant;
struct told;

/*
 * A call to that firm becomes a ticket and at most one text; one that somebody
 * took is kept and nothing else. *answer is JSON that says what was decided.
 */
int call_take(const char **answer, const struct tenant *firm,
    const struct told *told, const struct request *req, struct problem *why);

#endif
