/* What a command works with: options, output, wallet and relay client.
 *
 * Functions that return `int` give an exit status; when it is not STATUS_DONE
 * they have told the user why.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <tigress/tigress.h>

#include "options.h"
#include "output.h"

struct session {
    const struct options *options;
    struct output out;
    struct tg_wallet *wallet; /* NULL: there is none */
    struct tg_allow_list *allowed;
    struct tg_relay_client *client;
    struct authenticator *authenticator; /* NULL: --attest was not given */
};

/* What a command is about to do. */
enum session_use {
    SESSION_NO_SHARE,  /* talk to a relay; the wallet is left alone */
    SESSION_KNOWN,     /* work with shares that are in the wallet */
    SESSION_TO_SHARE,  /* begin one; makes the wallet if there is none */
    SESSION_TO_RECEIVE /* the same, of a relay that must be an allowed one: the
                          user's own list of them is read, too */
};

/* Make the client, with the relays that the options name, and open the wallet,
 * whose passphrase is asked for if it has one.
 * If there is none, SESSION_KNOWN makes none: it is as an empty one, and a
 * failure if the user has named it. */
int session_open(struct session *s, enum session_use use);

/* The next share, as tg_wallet_next_share(). */
enum tg_err session_next_share(struct session *s, int64_t after, int64_t *id);

/* Give all of it back. Fine after an error, and twice. */
void session_close(struct session *s);

/* Open the share that a word of the command line names by its number. */
int session_share(struct session *s, const char *word, struct tg_share **out);

/* Open a share by its id. Its relay becomes an allowed one for this process:
 * it was judged when the share was begun. */
enum tg_err session_open_share(struct session *s, int64_t id,
                               struct tg_share **out);

/* Report an error of a call that may have talked to a relay, with the
 * client's reason as technical detail. */
int session_fail(struct session *s, enum messages_about about,
                 enum tg_err err);

/* True when the state is an end: nothing more will happen to the share. */
bool session_has_ended(const struct tg_share *share);

#endif
