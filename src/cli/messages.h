/* What a person, and a script, is told about each error.
 *
 * One table: what it was about and the error → exit status, word for
 * machines, sentence. The technical name is shown with --verbose only.
 */
#ifndef CLI_MESSAGES_H
#define CLI_MESSAGES_H

#include <tigress/error.h>

/* The exit statuses, as tigress(1) promises them; they never change. */
enum messages_status {
    STATUS_DONE = 0,
    STATUS_FAILED = 1,       /* something on this machine */
    STATUS_USAGE = 2,        /* the command line, or a file or link given */
    STATUS_REFUSED = 3,      /* the relay: another device has it, no right */
    STATUS_GONE = 4,         /* completed, cancelled or expired */
    STATUS_NOTHING_NEW = 5,  /* the other side, or a relay, says nothing */
    STATUS_UNREACHABLE = 6,  /* no connection, or the relay is overloaded */
    STATUS_NOT_TRUSTED = 7,  /* not on the allow-list, or a bad certificate */
    STATUS_UNKNOWN_KIND = 8, /* a format or algorithm that is not known */
    STATUS_NOT_GENUINE = 9,  /* damaged, forged, replayed, or not Tigress */
    STATUS_WALLET = 10,      /* the wallet cannot be opened or written */
    STATUS_NO_SUCH_SHARE = 11,
    STATUS_NOT_NOW = 12,     /* the share's state does not allow it */
    STATUS_SEALED = 13       /* the wallet's passphrase is wrong or lacking */
};

/* The same error means different things to a person: TG_E_FORMAT of a link is
 * a mistake in copying, of a message it is the other side's fault. */
enum messages_about {
    ABOUT_SHARE,  /* anything that is done to one, unless it is below */
    ABOUT_OFFER,  /* a share that is being made */
    ABOUT_FIRST,  /* the first reading of a share that was received */
    ABOUT_LINK,   /* a share URL that was given */
    ABOUT_INPUT,  /* a file that was given */
    ABOUT_OUTPUT, /* a file to be written */
    ABOUT_WALLET, /* opening the wallet, and its passphrase */
    ABOUT_RELAY   /* a relay, without any share */
};

struct messages_entry {
    enum messages_about about;
    enum tg_err err;
    enum messages_status status;
    const char *word;
    const char *sentence;
};

/* Never NULL. */
const struct messages_entry *messages_of(enum messages_about about,
                                         enum tg_err err);

#endif
