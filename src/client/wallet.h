/* The wallet's file, as share.c sees it: rows, and data of the caller. The
 * only place that knows SQLite is wallet*.c.
 *
 * Layout changes are migrations: see wallet_schema.c.
 */
#ifndef CLIENT_WALLET_H
#define CLIENT_WALLET_H

#include <tigress/wallet.h>

/* One share, as it is stored. Text is terminated, and empty when not known.
 * The buffers belong to the row: wallet_row_done(). */
struct wallet_row {
    int64_t id;       /* 0: not stored yet */
    int64_t revision; /* counts the changes; see wallet_save() */
    int64_t role;     /* enum tg_role */
    int64_t state;    /* enum tg_share_state */
    int64_t created_s;
    int64_t expires_s;

    struct tg_buf relay;
    struct tg_buf mailbox;
    struct tg_buf vertical;
    struct tg_buf title;
    struct tg_buf description;
    struct tg_buf image_url;

    struct tg_buf secret; /* these two are wiped when the share ends */
    struct tg_buf claim;

    struct tg_buf etag;   /* of what the mailbox held when last seen */
    struct tg_buf seen;   /* SHA-256 of that, sealed */
    struct tg_buf order;  /* tg_order_save() */
    struct tg_buf inbox;  /* plaintext of a message not handled yet */

    /* A step that was begun: the call as it must be repeated, and what is to
     * replace the fields above when it is done. */
    int64_t pending_verb; /* enum relay_verb, or 0 */
    int64_t pending_state;
    struct tg_buf pending_id;
    struct tg_buf pending_body;
    struct tg_buf pending_seen;
    struct tg_buf pending_order;
};

/* Accepts an all-zero row. Wipes. */
void wallet_row_done(struct wallet_row *row);

/* TG_E_NOT_FOUND, TG_E_NOMEM, TG_E_LOCKED, TG_E_IO. */
TG_MUST_USE enum tg_err wallet_load(struct tg_wallet *wallet, int64_t id,
                                    struct wallet_row *out);

/* Store a new row and set its id, or replace the stored one if it still has
 * the row's revision; the revision is then counted up. Durable on return.
 * Errors: TG_E_LOCKED when somebody else has changed it, TG_E_NOT_FOUND when
 * it was forgotten, TG_E_IO, TG_E_FULL, TG_E_NOMEM; nothing is then changed.
 */
TG_MUST_USE enum tg_err wallet_save(struct tg_wallet *wallet,
                                    struct wallet_row *row);

/* Data of the caller: of a share, or with WALLET_ITSELF of none. A name has 1
 * to 64 bytes, a value at most 1 MiB: TG_E_LIMIT. TG_E_NOT_FOUND where there
 * is none to get, or when the share was forgotten. */
enum { WALLET_ITSELF = 0 };

TG_MUST_USE enum tg_err wallet_put(struct tg_wallet *wallet, int64_t share,
                                   const char *name, struct tg_span value);
TG_MUST_USE enum tg_err wallet_get(struct tg_wallet *wallet, int64_t share,
                                   const char *name, struct tg_buf *out);
TG_MUST_USE enum tg_err wallet_remove(struct tg_wallet *wallet, int64_t share,
                                      const char *name);

/* What the library itself keeps, one value of at most 1 MiB: under the empty
 * name, which no caller can use. As wallet_put() and wallet_get(). */
TG_MUST_USE enum tg_err wallet_keep(struct tg_wallet *wallet,
                                    struct tg_span value);
TG_MUST_USE enum tg_err wallet_kept(struct tg_wallet *wallet,
                                    struct tg_buf *out);

/* This device's notification tokens, the most wanted first. */
struct wallet_token {
    struct wallet_token *next;
    struct tg_buf type; /* terminated, both */
    struct tg_buf data;
};

/* NULL: none. Valid until the next one is set. */
const struct wallet_token *wallet_tokens(const struct tg_wallet *wallet);

bool wallet_knows_format(const struct tg_wallet *wallet, const char *format);
bool wallet_accepts_plain(const struct tg_wallet *wallet);

#endif
