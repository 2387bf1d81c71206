/* See messages.h. */
#include "messages.h"

#include <stddef.h>

static const struct messages_entry table[] = {
    {ABOUT_SHARE, TG_E_NOMEM, STATUS_FAILED, "no-memory",
     "This machine has run out of memory."},
    {ABOUT_SHARE, TG_E_RANDOM, STATUS_FAILED, "no-randomness",
     "The system gives no random numbers, so nothing can be encrypted."},
    {ABOUT_SHARE, TG_E_CRYPTO, STATUS_FAILED, "crypto",
     "The encryption library failed."},
    {ABOUT_SHARE, TG_E_IO, STATUS_WALLET, "wallet-unusable",
     "The wallet cannot be read or written: check that its file and its "
     "directory are yours. Nothing was changed."},
    {ABOUT_SHARE, TG_E_STORE, STATUS_WALLET, "wallet-unusable",
     "The wallet cannot be read or written: check that its file and its "
     "directory are yours. Nothing was changed."},
    {ABOUT_SHARE, TG_E_FULL, STATUS_WALLET, "wallet-full",
     "There is no room left for the wallet: free some space and try again."},
    {ABOUT_SHARE, TG_E_LOCKED, STATUS_WALLET, "wallet-in-use",
     "Another program is using the wallet: try again when it is done."},
    {ABOUT_SHARE, TG_E_SEALED, STATUS_SEALED, "passphrase-needed",
     "The passphrase of the wallet was changed meanwhile. Start again."},

    {ABOUT_SHARE, TG_E_FORMAT, STATUS_NOT_GENUINE, "malformed",
     "The other side sent something that is not provisioning information."},
    {ABOUT_SHARE, TG_E_LIMIT, STATUS_USAGE, "too-large",
     "The information is too large to be shared."},
    {ABOUT_SHARE, TG_E_AUTH, STATUS_NOT_GENUINE, "not-genuine",
     "The content does not open with this link: the link is not complete, or "
     "somebody has changed the content."},
    {ABOUT_SHARE, TG_E_UNKNOWN, STATUS_UNKNOWN_KIND, "unknown-kind",
     "This kind of credential is not known here: a newer version of this "
     "program may know it."},
    {ABOUT_SHARE, TG_E_REPLAY, STATUS_NOT_GENUINE, "replayed",
     "The relay delivered an old or misplaced message. It was not accepted."},

    {ABOUT_SHARE, TG_E_NOT_FOUND, STATUS_NO_SUCH_SHARE, "no-such-share",
     "There is no such share in this wallet: see \"tigress list\"."},
    {ABOUT_SHARE, TG_E_STATE, STATUS_NOT_NOW, "not-now",
     "This share does not allow that now: see \"tigress show\"."},
    {ABOUT_SHARE, TG_E_NO_NEWS, STATUS_NOTHING_NEW, "nothing-new",
     "The other side has sent nothing new."},

    {ABOUT_SHARE, TG_E_UNTRUSTED, STATUS_NOT_TRUSTED, "relay-not-allowed",
     "The relay of this share is not one that you allow, so it was not "
     "contacted. If you trust it, name it with --allow."},
    {ABOUT_SHARE, TG_E_NETWORK, STATUS_UNREACHABLE, "unreachable",
     "The relay cannot be reached: check the network connection, and try "
     "again."},
    {ABOUT_SHARE, TG_E_BUSY, STATUS_UNREACHABLE, "busy",
     "The relay has too much to do. Try again later."},
    {ABOUT_SHARE, TG_E_TLS, STATUS_NOT_TRUSTED, "bad-certificate",
     "The relay could not prove who it is, so nothing was sent to it. Try "
     "another network, or name its certificate with --ca."},
    {ABOUT_SHARE, TG_E_GONE, STATUS_GONE, "gone",
     "This share is over: it was completed or cancelled, or its time ran "
     "out."},
    {ABOUT_SHARE, TG_E_REFUSED, STATUS_REFUSED, "refused",
     "The relay refuses: this share was already accepted on another device, "
     "or does not allow this."},
    {ABOUT_SHARE, TG_E_CONFLICT, STATUS_NOT_NOW, "changed-meanwhile",
     "The other side has written meanwhile: read that first, with \"tigress "
     "watch\"."},
    {ABOUT_SHARE, TG_E_PROTOCOL, STATUS_NOT_GENUINE, "bad-answer",
     "The relay gave an answer that makes no sense. Try again later."},

    {ABOUT_SHARE, TG_E_LIFETIME, STATUS_USAGE, "lifetime-too-long",
     "The relay does not keep a share for so long: ask for a shorter time."},
    {ABOUT_SHARE, TG_E_VERSION, STATUS_REFUSED, "other-version",
     "The relay speaks another version of the protocol: this program, or the "
     "relay, wants an update."},

    {ABOUT_SHARE, TG_E_ATTESTATION, STATUS_REFUSED, "not-attested",
     "The relay makes shares only for devices that their makers vouch for, and "
     "nobody whom it trusts vouches for this one."},

    {ABOUT_OFFER, TG_E_FORMAT, STATUS_USAGE, "not-accepted",
     "The share cannot be made as described: check its title, description, "
     "image and rights."},
    {ABOUT_OFFER, TG_E_LIMIT, STATUS_USAGE, "too-large",
     "The share is too large: its title, its description, the address of its "
     "image, or the information itself."},
    {ABOUT_OFFER, TG_E_REFUSED, STATUS_REFUSED, "refused",
     "The relay does not make shares for this device."},

    {ABOUT_FIRST, TG_E_REFUSED, STATUS_REFUSED, "already-accepted",
     "This share was already accepted on another device."},
    {ABOUT_FIRST, TG_E_UNKNOWN, STATUS_UNKNOWN_KIND, "unknown-kind",
     "This kind of credential is not known here. The share was left for a "
     "device that knows it."},
    {ABOUT_FIRST, TG_E_AUTH, STATUS_NOT_GENUINE, "not-genuine",
     "The share does not open with this link: the link is not complete, or "
     "somebody has changed the share. It was left for another try."},
    {ABOUT_FIRST, TG_E_REPLAY, STATUS_NOT_GENUINE, "replayed",
     "The share does not begin here: another device was in the middle of it, "
     "or the relay delivered an old message. It was given back; ask for a new "
     "share."},
    {ABOUT_FIRST, TG_E_FORMAT, STATUS_NOT_GENUINE, "malformed",
     "The share holds something that is not provisioning information. It was "
     "left as it is."},

    {ABOUT_LINK, TG_E_FORMAT, STATUS_USAGE, "not-a-link",
     "That is not a share link. Copy all of it, up to its very end."},
    {ABOUT_LINK, TG_E_LIMIT, STATUS_USAGE, "not-a-link",
     "That is too long to be a share link."},
    {ABOUT_LINK, TG_E_EXISTS, STATUS_NOT_NOW, "own-share",
     "This link was made with this wallet: it is for another device."},

    {ABOUT_INPUT, TG_E_FORMAT, STATUS_USAGE, "not-provisioning",
     "The file holds no provisioning information: a JSON object with the "
     "members \"format\" (a text) and \"content\" (an object)."},
    {ABOUT_INPUT, TG_E_LIMIT, STATUS_USAGE, "too-large",
     "The file is too large to be shared."},

    {ABOUT_OUTPUT, TG_E_EXISTS, STATUS_FAILED, "exists",
     "The file to be written exists already; it is not overwritten."},
    {ABOUT_OUTPUT, TG_E_IO, STATUS_FAILED, "unwritable",
     "The file cannot be written."},
    {ABOUT_OUTPUT, TG_E_FULL, STATUS_FAILED, "full",
     "There is no room left to write the file."},

    {ABOUT_WALLET, TG_E_FORMAT, STATUS_WALLET, "not-a-wallet",
     "The file named as wallet is something else, or is damaged."},
    {ABOUT_WALLET, TG_E_SEALED, STATUS_SEALED, "passphrase-needed",
     "The wallet's passphrase is needed, and there is no terminal to ask for "
     "it. Put it in a file that only you can read, and name that with "
     "--passphrase-file."},
    {ABOUT_WALLET, TG_E_AUTH, STATUS_SEALED, "wrong-passphrase",
     "That is not the passphrase of the wallet. Nothing was done: try again."},
    {ABOUT_WALLET, TG_E_LIMIT, STATUS_USAGE, "too-long",
     "A passphrase has at most 1024 bytes."},
    {ABOUT_WALLET, TG_E_UNKNOWN, STATUS_WALLET, "newer-wallet",
     "The wallet was written by a newer version of this program."},
    {ABOUT_WALLET, TG_E_NOT_FOUND, STATUS_WALLET, "wallet-unusable",
     "The directory of the wallet does not exist."},

    {ABOUT_RELAY, TG_E_NOT_FOUND, STATUS_NOTHING_NEW, "says-nothing",
     "The relay says nothing of itself that can be used. Shares can be made "
     "on it all the same; it refuses what it does not want."},
};

/* The entry for exactly this, or NULL. */
static const struct messages_entry *
find(enum messages_about about, enum tg_err err)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        if (table[i].about == about && table[i].err == err)
            return &table[i];
    }
    return NULL;
}

const struct messages_entry *
messages_of(enum messages_about about, enum tg_err err)
{
    static const struct messages_entry unknown = {
        ABOUT_SHARE, TG_E_LAST, STATUS_FAILED, "failed",
        "Something went wrong."};
    const struct messages_entry *m = find(about, err);

    if (m == NULL)
        m = find(ABOUT_SHARE, err);
    return m == NULL ? &unknown : m;
}
