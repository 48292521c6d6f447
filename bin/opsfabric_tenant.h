/*
 * opsfabric_tenant.h - what the commands about firms have in common: a firm as
 * its document, and a document as a firm
 */
#ifndef BIN_OPSFABRIC_TENANT_H
#define BIN_OPSFABRIC_TENANT_H

#include <stdbool.h>

#include "opsfabric_command.h"

struct tenant_document;

/* What is stored of a firm: what tenant_document.h reads or passes over. */
extern const struct command_column tenant_columns[];

/*
 * The row of a firm, with the columns of COMMAND_TENANT_SHOW; NULL with *end,
 * having said so.
 */
struct db_batch *tenant_row(
    struct command_run *run, const char *slug, enum command_exit *end);

/* The same as a document in JSON. */
const char *tenant_row_json(
    struct command_run *run, const struct db_batch *row);

/* The same as the values that are stored, which live as long as the row. */
void tenant_row_document(
    struct tenant_document *out, const struct db_batch *row);

/* A file, or "-" for standard input; NULL, having said why not. */
const char *tenant_file_read(struct command_run *run, const char *path);

/* A document in JSON; -1, having said all that is wrong with it. */
int tenant_check(
    struct command_run *run, struct tenant_document *out, const char *text);

/*
 * Has a firm other than id what only one may have? Says so, and with what end;
 * also true where that cannot be asked.
 */
bool tenant_is_taken(struct command_run *run, const char *id,
    const struct tenant_document *d, enum command_exit *end);

/*
 * Write a firm: over the row whose updated_at is seen_at, or as a new one where
 * that is NULL. In one transaction, or not at all, having said why.
 */
enum command_exit tenant_save(struct command_run *run, const char *id,
    const struct tenant_document *d, const char *seen_at);

#endif
