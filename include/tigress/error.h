/* The errors of libtigress: one enumeration for the whole project.
 *
 * A function that can fail returns `enum tg_err`; TG_OK is zero. A number is
 * never reused; new ones are added before TG_E_LAST.
 */
#ifndef TIGRESS_ERROR_H
#define TIGRESS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TG_MUST_USE __attribute__((warn_unused_result))
#define TG_API __attribute__((visibility("default")))
#else
#define TG_MUST_USE
#define TG_API
#endif

enum tg_err {
    TG_OK = 0,

    /* This machine */
    TG_E_NOMEM = 1,    /* out of memory */
    TG_E_IO = 2,       /* a file, directory or device refused */
    TG_E_FULL = 3,     /* no room: the disk, or a limit of the store */
    TG_E_RANDOM = 4,   /* the system's random source failed */
    TG_E_CRYPTO = 5,   /* the crypto library failed; not a verdict on data */
    TG_E_STORE = 6,    /* the store is not available */
    TG_E_LOCKED = 7,   /* another process holds what is needed */

    /* Bytes from outside */
    TG_E_FORMAT = 20,  /* not what the format says */
    TG_E_LIMIT = 21,   /* larger, deeper or longer than allowed */
    TG_E_AUTH = 22,    /* the authentication tag or a signature is wrong */
    TG_E_UNKNOWN = 23, /* well-formed, but of a kind that is not known here */
    TG_E_REPLAY = 24,  /* direction, sequence or hash is wrong (R-PAY-1) */

    /* State */
    TG_E_NOT_FOUND = 40,
    TG_E_EXISTS = 41,
    TG_E_STATE = 42,   /* not possible in the present state */
    TG_E_NO_NEWS = 43, /* the other side has not written yet */
    TG_E_SEALED = 44,  /* the wallet wants its passphrase first */

    /* What a relay answered, or that it did not */
    TG_E_UNTRUSTED = 60, /* the relay is not on the allow-list (R-URL-2) */
    TG_E_NETWORK = 61,   /* no connection, or it broke */
    TG_E_TLS = 62,       /* the relay's certificate does not convince */
    TG_E_GONE = 63,      /* 404: no such mailbox, or no longer */
    TG_E_REFUSED = 64,   /* 401: another device has this mailbox, or no right */
    TG_E_CONFLICT = 65,  /* 412: the mailbox has changed meanwhile */
    TG_E_BUSY = 66,      /* 429 or 503, still so after the retries */
    TG_E_PROTOCOL = 67,  /* an answer that the protocol does not allow */
    TG_E_LIFETIME = 68,  /* longer than the relay keeps a mailbox */
    TG_E_VERSION = 69,   /* it speaks no version of the protocol known here */
    TG_E_ATTESTATION = 70, /* it wants a device that somebody vouches for, and
                              is not convinced by this one */

    TG_E_LAST
};

/* A short stable name such as "TG_E_FORMAT", for logs and tests; never NULL.
 * What a person should read is made where it is shown. */
TG_API const char *tg_err_name(enum tg_err err);

#ifdef __cplusplus
}
#endif
#endif
