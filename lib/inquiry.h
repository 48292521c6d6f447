/*
 * inquiry.h - what became of unknown messages, asked of those who can tell
 *
 * A part of delivery.h. Asking changes nothing at the provider, so it may end
 * at any moment; what is told counts for the attempt that was asked about.
 */
#ifndef LIB_INQUIRY_H
#define LIB_INQUIRY_H

struct http;
struct inquirer;
struct outbox;

/* So many transfers of the http it is given. */
#define INQUIRY_PARALLEL 8

/* Free with inquirer_free(), after the http. */
struct inquirer *inquirer_new(const struct outbox *o, struct http *h);
void inquirer_free(struct inquirer *q);

/* Write what was told, ask about what is due. -1 if the database is away. */
int inquirer_step(struct inquirer *q);

#endif
