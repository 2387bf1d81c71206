/* The proof that both devices know the PIN, as docs/formats.md has it: CPace
 * runs, kept with their share so that a device may be switched off between the
 * question and the answer.
 *
 * One run a share is kept: that of the attempt that goes on. Keeping the run of
 * the next attempt is what uses the last one up, for good.
 */
#ifndef CAR_PIN_RUN_H
#define CAR_PIN_RUN_H

#include <tigress/tigress.h>

#include "messages.h"

struct pin_run {
    unsigned attempt;                 /* 1 to MESSAGES_ATTEMPTS */
    uint8_t other[TG_PAKE_SHARE_LEN]; /* friend's device: the owner's share */
    struct tg_pake *pake;
};

/* Begin a run in memory. `key`: the friend's, NULL on the owner's device; it
 * says which side this is. `pin` is six digits. Released with
 * pin_run_free(). */
TG_MUST_USE enum tg_err pin_run_begin(const char *pin,
                                      const struct messages_terms *terms,
                                      unsigned attempt, EVP_PKEY *key,
                                      struct pin_run *out);
void pin_run_free(struct pin_run *run);

/* This side's share of the run, for the other. */
void pin_run_share(const struct pin_run *run,
                   uint8_t out[static TG_PAKE_SHARE_LEN]);

/* Durable on return. Getting: TG_E_NOT_FOUND. */
TG_MUST_USE enum tg_err pin_run_keep(struct tg_share *share,
                                     const struct pin_run *run);
TG_MUST_USE enum tg_err pin_run_get(struct tg_share *share,
                                    struct pin_run *out);

/* Owner's device: judge a request, and write the confirmation for it.
 * TG_E_AUTH: whoever sent it did not have the PIN. */
TG_MUST_USE enum tg_err
pin_run_judge(struct pin_run *run, const struct key_signing_request *request,
              uint8_t tag[static TG_PAKE_TAG_LEN]);

/* Friend's device: the confirmation that goes with the request for `key`; and
 * whether the owner's is right. TG_E_AUTH: the other side did not have the
 * PIN, or gave a share that is none. Each at most once a run. */
TG_MUST_USE enum tg_err pin_run_prove(struct pin_run *run,
                                      const struct messages_terms *terms,
                                      uint8_t tag[static TG_PAKE_TAG_LEN]);
TG_MUST_USE enum tg_err
pin_run_check(struct pin_run *run, const struct messages_terms *terms,
              const uint8_t tag[static TG_PAKE_TAG_LEN]);

/* The PIN itself, on the owner's device alone: kept as long as it is of use.
 * Getting: TG_E_NOT_FOUND. */
TG_MUST_USE enum tg_err pin_run_keep_pin(struct tg_share *share,
                                         const char *pin);
TG_MUST_USE enum tg_err pin_run_pin(struct tg_share *share,
                                    char out[static TG_PIN_TEXT]);

/* Wipe run and PIN of a share that needs them no more. */
TG_MUST_USE enum tg_err pin_run_forget(struct tg_share *share);

#endif
