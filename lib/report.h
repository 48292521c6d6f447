/*
 * report.h - a provider's receipt: who sends it, and what becomes of the
 * message
 *
 * /api/webhook/sms-status/<dialect>[/<key>]. A receipt is believed for the
 * signature in its message's own address, or because its sender is (sender.h).
 * A message only moves forward, whatever is said late, twice or in another
 * order. A receipt that names an id which nobody has stored yet is kept until
 * somebody does.
 */
#ifndef LIB_REPORT_H
#define LIB_REPORT_H

struct problem;
struct request;
struct response;

/* The whole of the route. */
int report_receive(
    const struct request *req, struct response *res, struct problem *why);

#endif
