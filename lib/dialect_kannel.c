/*
 * dialect_kannel - Kannel's smsbox, whose get-url names the fields plainly
 *
 * What an smsbox gets for an answer it may send to whoever wrote: it must be
 * empty.
 */
#include "dialect.h"

const struct dialect dialect_kannel = {
	.name = "kannel",
	.text = dialect_plain_text,
	.answer = dialect_answer_nothing,
	.answers_unmatched = true,
};
