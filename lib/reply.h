/*
 * reply.h - what an inbound text means
 *
 * The texts we send offer three answers: 1 emergency, 2 call me back, 3 online
 * form. People answer in their own words and four languages; this reads them.
 * It leans to the safe side: a word for an emergency that is not negated counts
 * wherever it stands, and what is not plainly something else is text, which a
 * person reads.
 */
#ifndef LIB_REPLY_H
#define LIB_REPLY_H

enum reply_meaning {
	REPLY_URGENT,
	REPLY_CALLBACK,
	REPLY_FORM,
	REPLY_TEXT,
	REPLY_COURTESY, /* thanks, a thumb, a reaction: opens nothing */
	REPLY_STOP,     /* wants no more messages */
	REPLY_START,    /* wants them again */
	REPLY_MEANING_MAX
};

/*
 * In time linear in its length; of what is longer than any SMS or chat message
 * (4096 bytes) only the beginning is read.
 */
enum reply_meaning reply_meaning(const char *text);

/* What the answer of somebody on call says to "do you take it?" */
enum reply_consent {
	REPLY_NEITHER, /* a question, or both at once */
	REPLY_YES,     /* ok, a thumb, 1 */
	REPLY_NO
};
enum reply_consent reply_consent(const char *text);

/* "urgent", "callback, ...: as statements take it. */
const char *reply_meaning_name(enum reply_meaning meaning);

#endif
