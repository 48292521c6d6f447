/*
 * trial.h - how often one that waits in the spool is tried, and by whom it is
 * held
 *
 * One that fails is either the database's fault, and waits as long as that is
 * ill, or its own: then it must not hold up its lane for ever. Between two
 * attempts a small write of ours is committed, which shows that the database is
 * well; who failed three times at least, and so often that it waited
 * SPOOL_PATIENCE seconds in between, or ended the program five times, is given
 * up. What the database itself says it lacks (room, memory, connections,
 * writes) counts against nobody.
 *
 * SPOOL_DIR/in_hand has a line of each lane, with whom replay has in hand there
 * and how often it died of it; and who has that line locked (F_OFD_SETLK of
 * fcntl(2)) may take, move or remove what waits in the lane.
 */
#ifndef LIB_TRIAL_H
#define LIB_TRIAL_H

struct arena;
struct db;
struct problem;
struct spool_file;
struct trial;

/*
 * All lanes, for the one program that takes them; free with trial_free(). -1
 * with PROBLEM_INTERNAL if SPOOL_PATIENCE is no number.
 */
int trial_open(struct trial **out, struct problem *why);
void trial_free(struct trial *t);

enum trial_verdict {
	TRIAL_TAKE,  /* try it; the lane is held until trial_end() */
	TRIAL_LATER, /* not now */
	TRIAL_OVER   /* give it up; the lane is held as well */
};

enum trial_end {
	TRIAL_DONE,    /* it is out of the way */
	TRIAL_FAILED,  /* it stays */
	TRIAL_LACKING, /* it stays, for what the database lacks */
	TRIAL_STOPPED  /* it was not tried */
};

/* May the first of a lane be tried? service is where a write of ours goes. */
enum trial_verdict trial_begin(struct trial *t, const struct spool_file *file,
    struct db *service, struct arena *a);
void trial_end(
    struct trial *t, const struct spool_file *file, enum trial_end end);

/* How often it failed alone, for the log: a text in the arena. */
const char *trial_story(
    const struct trial *t, const struct spool_file *file, struct arena *a);

/*
 * Hold a lane, whoever has something of it in hand being waited for; close()
 * what is returned. -1 with PROBLEM_TRY_AGAIN if nobody ever took one here, or
 * it cannot be opened.
 */
int trial_hold(int lane, struct problem *why);

#endif
