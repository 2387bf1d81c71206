/* The desk's memory: bookings, tokens and doors, in one SQLite file.
 *
 * A change is on the disk when ledger_commit() has returned TG_OK. Of secrets
 * and tokens only hashes are in it. The only place here that knows SQLite.
 */
#ifndef HOTEL_LEDGER_H
#define HOTEL_LEDGER_H

#include "secret.h"
#include "state.h"
#include "stay.h"

struct ledger;

struct ledger_booking {
    char code[STAY_CODE_LEN + 1];
    uint8_t secret[SECRET_HASH_LEN];
    struct stay stay;
};

/* The numbers are stored and never change. */
enum ledger_token_state {
    LEDGER_OPEN = 1,      /* waits to be redeemed */
    LEDGER_REDEEMED = 2,  /* a key was issued */
    LEDGER_CANCELLED = 3  /* nobody gets a key, or whoever has it must not
                             use it */
};

struct ledger_token {
    int64_t id; /* 0: not in the ledger yet */
    uint8_t hash[SECRET_HASH_LEN];
    char booking[STAY_CODE_LEN + 1];
    char request[SECRET_ID_LEN + 1]; /* chosen by the guest: asked twice is
                                        asked once */
    struct stay stay;
    enum ledger_token_state state;
    char serial[SECRET_ID_LEN + 1];  /* of the key; "" before */
    struct text public_key, statement, signature; /* empty before */
};

void ledger_token_done(struct ledger_token *token);
const char *ledger_token_state_name(enum ledger_token_state state);

struct ledger_door {
    char id[SECRET_ID_LEN + 1];
    uint8_t secret[SECRET_HASH_LEN];
};

/* Open, or make, `ledger.db` in the state directory. TG_E_IO, TG_E_FULL,
 * TG_E_LOCKED, TG_E_NOMEM. Released with ledger_close(). */
TG_MUST_USE enum tg_err ledger_open(const struct state *state,
                                    struct ledger **out);
void ledger_close(struct ledger *ledger);

/* What is between the two happens as a whole or not at all; others wait.
 * ledger_rollback() after anything else than a successful commit. */
TG_MUST_USE enum tg_err ledger_begin(struct ledger *ledger);
TG_MUST_USE enum tg_err ledger_commit(struct ledger *ledger);
void ledger_rollback(struct ledger *ledger);

TG_MUST_USE enum tg_err ledger_add_booking(struct ledger *ledger,
                                           const struct ledger_booking *what);
TG_MUST_USE enum tg_err ledger_add_door(struct ledger *ledger,
                                        const struct ledger_door *door);
TG_MUST_USE enum tg_err ledger_put_token(struct ledger *ledger,
                                         const struct ledger_token *token);

/* TG_E_NOT_FOUND. A token is released with ledger_token_done(). */
TG_MUST_USE enum tg_err ledger_find_booking(struct ledger *ledger,
                                            const char *code,
                                            struct ledger_booking *out);
TG_MUST_USE enum tg_err
ledger_find_request(struct ledger *ledger, const char *booking,
                    const char *request, struct ledger_token *out);
TG_MUST_USE enum tg_err
ledger_find_token(struct ledger *ledger,
                  const uint8_t hash[static SECRET_HASH_LEN],
                  struct ledger_token *out);
TG_MUST_USE enum tg_err ledger_find_door(
    struct ledger *ledger, const uint8_t secret[static SECRET_HASH_LEN]);

/* How many tokens of the booking are not cancelled. */
TG_MUST_USE enum tg_err ledger_count_tokens(struct ledger *ledger,
                                            const char *booking,
                                            int64_t *out);

/* Call `each` for every key that was cancelled and would be good after
 * `after`; for every booking; for every token of one. */
TG_MUST_USE enum tg_err
ledger_each_cancelled(struct ledger *ledger, moment after,
                      void (*each)(void *self, const char *serial),
                      void *self);
TG_MUST_USE enum tg_err
ledger_each_booking(struct ledger *ledger,
                    void (*each)(void *self, const struct ledger_booking *),
                    void *self);
TG_MUST_USE enum tg_err
ledger_each_token(struct ledger *ledger, const char *booking,
                  void (*each)(void *self, const struct ledger_token *),
                  void *self);

#endif
