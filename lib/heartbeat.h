/*
 * heartbeat.h - so that doctor can tell a timer that stopped from one with
 * nothing to do
 */
#ifndef LIB_HEARTBEAT_H
#define LIB_HEARTBEAT_H

struct problem;
struct request;

/* This host did the work of a job, which doctor knows by that name. */
int heartbeat_write(
    const char *job, const struct request *req, struct problem *why);

#endif
