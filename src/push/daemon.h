/* tigress-push at work: its socket, queue and sender, its signals, its log.
 *
 * SIGHUP reads the configuration anew; SIGTERM and SIGINT end it.
 */
#ifndef PUSH_DAEMON_H
#define PUSH_DAEMON_H

#include <stdbool.h>

/* Say whether the configuration and the files that it names are right, for
 * people: on standard output, or what is wrong on standard error. */
bool daemon_check(const char *path);

/* Run until it is told to end. False: it could not start, and has said why. */
bool daemon_run(const char *path);

#endif
