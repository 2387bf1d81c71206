/* Options of the command line that the owner's and the friend's program have
 * in common. */
#ifndef CAR_OPTIONS_H
#define CAR_OPTIONS_H

#include "args.h"
#include "entitlements.h"
#include "inviting.h"

#define OPTIONS_PASSPHRASE                                                    \
    {"passphrase-file", "FILE", "this device's; or it is asked", false}

#define OPTIONS_MAKER                                                         \
    {"maker-url", "URL", "the maker's server", false},                        \
        {"maker-ca", "FILE", "who certifies it; default: the system's", false}

#define OPTIONS_WAIT                                                          \
    {"wait", "SECONDS", "wait so long if there is nothing new", false}
#define OPTIONS_WAIT_HINT "--wait wants a number of seconds."

/* A key that is offered: options_offer(). */
#define OPTIONS_OFFER                                                         \
    {"name", "TEXT", "what you call it; one name, one share", true},          \
        {"entitlements", "LIST", "such as unlock,lock,start,drive", true},    \
        {"from", "TIME", "default now", false},                               \
        {"until", "TIME", "default 48 hours later", false},                   \
        {"uses", "N", "how often it works; default: any number", false},      \
        {"may-share", NULL, "the friend may lend it on, once", false},        \
        {"url-file", "FILE", "write the link there instead", false},          \
        {"pin-file", "FILE", "write the PIN there instead", false}

#define OPTIONS_AT_VEHICLE                                                    \
    {{"vehicle", "SOCKET", "from `vehicle serve`", true}, OPTIONS_PASSPHRASE}

/* The commands that are actions: options_action(). */
#define OPTIONS_ACTIONS(run)                                                  \
    {"open", "the same as unlock", run, OPTIONS_AT_VEHICLE},                  \
        {"unlock", "unlock the doors", run, OPTIONS_AT_VEHICLE},              \
        {"lock", "lock the doors", run, OPTIONS_AT_VEHICLE},                  \
        {"start", "start the engine", run, OPTIONS_AT_VEHICLE},               \
        {"drive", "release the gear", run, OPTIONS_AT_VEHICLE},               \
        {"trunk", "open the trunk", run, OPTIONS_AT_VEHICLE}

#define OPTIONS_OFFER_HINT                                                    \
    "--name wants 1 to 64 bytes of text, --entitlements some of "             \
    "unlock,lock,start,drive,trunk, --from and --until times such as "        \
    "2030-01-31T12:00:00Z, in order, --uses a number from 1 to 1000000."

#define OPTIONS_SHARE_HINT                                                    \
    "The number of a share is one that `friend status` shows."

/* What the command line offers. False when it cannot be understood. */
bool options_offer(const struct args *args, struct inviting_offer *out);

/* The action that a command is named for. */
enum entitlement options_action(const struct args *args);

#endif
