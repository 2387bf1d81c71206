/* A PIN as a second factor, and the proof that both sides know it.
 *
 * The PIN is told by voice and never sent. Each side proves that it knows it
 * with CPace, a password-authenticated key exchange: who does not know the PIN
 * learns nothing from what is exchanged, and can try one PIN a run. Count the
 * runs, durably, before answering.
 *
 *   tg_pake_begin     both sides; each tells the other its share and its
 *                     associated data
 *   tg_pake_finish    with the share and associated data of the other
 *   tg_pake_tag       what proves it to the other
 *   tg_pake_check     the other's proof
 *
 * Suite CPACE-RISTR255-SHA512 with explicit confirmation.
 * Source: draft-irtf-cfrg-cpace; THREATS 9 to 13.
 */
#ifndef TIGRESS_PIN_H
#define TIGRESS_PIN_H

#include <stdbool.h>

#include <tigress/bytes.h>
#include <tigress/error.h>
#include <tigress/role.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TG_PIN_DIGITS = 6,
    TG_PIN_TEXT = TG_PIN_DIGITS + 1, /* with the 0 byte behind it */
    TG_PAKE_SHARE_LEN = 32,
    TG_PAKE_TAG_LEN = 64
};

/* Draw a PIN: six digits, each of the million as likely as any other, from the
 * operating system's random source. TG_E_RANDOM. */
TG_API TG_MUST_USE enum tg_err tg_pin_draw(char out[TG_PIN_TEXT]);

/* Whether `text` is six digits 0 to 9 and nothing else. */
TG_API bool tg_pin_is(const char *text);

/* One run, as one side sees it. A secret while it lasts. */
struct tg_pake;

/* Begin a run.
 *
 *   role        initiator or recipient: party A or B
 *   pin         tg_pin_is()
 *   context     CI: what this is for; the same on both sides
 *   session     sid: fresh for each run; the same on both sides
 *   associated  what this side vouches for; may be empty
 *   *out        set on TG_OK; released with tg_pake_free()
 *
 * Each is at most 64 KiB and copied. Errors: TG_E_FORMAT (no PIN), TG_E_LIMIT,
 * TG_E_RANDOM, TG_E_CRYPTO, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err
tg_pake_begin(enum tg_role role, const char *pin, struct tg_span context,
              struct tg_span session, struct tg_span associated,
              struct tg_pake **out);

/* Wipes. Accepts NULL. */
TG_API void tg_pake_free(struct tg_pake *pake);

/* This side's share, for the other: TG_PAKE_SHARE_LEN bytes, borrowed. */
TG_API struct tg_span tg_pake_share(const struct tg_pake *pake);

/* Append a form that tg_pake_load() understands, for a side that may be
 * switched off before the other has answered. It is as secret as the PIN, and
 * holds none. TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_pake_save(const struct tg_pake *pake,
                                            struct tg_buf *out);

/* TG_E_FORMAT, TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_pake_load(struct tg_span saved,
                                            struct tg_pake **out);

/* Take the other side's share and associated data. TG_E_AUTH when the share is
 * none that an honest side could have sent: count it as a wrong PIN.
 * TG_E_STATE when it was done already, TG_E_LIMIT, TG_E_CRYPTO, TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err tg_pake_finish(struct tg_pake *pake,
                                              struct tg_span other_share,
                                              struct tg_span other_associated);

/* After tg_pake_finish() (else TG_E_STATE): append TG_PAKE_TAG_LEN bytes that
 * prove to the other side that this one knows the PIN, and vouches for its
 * associated data. TG_E_NOMEM, TG_E_CRYPTO. */
TG_API TG_MUST_USE enum tg_err tg_pake_tag(const struct tg_pake *pake,
                                           struct tg_buf *out);

/* Judge the other side's tag, in constant time. TG_E_AUTH when it does not know
 * the PIN, or something was changed on the way; TG_E_STATE, TG_E_CRYPTO. */
TG_API TG_MUST_USE enum tg_err tg_pake_check(const struct tg_pake *pake,
                                             struct tg_span tag);

#ifdef __cplusplus
}
#endif
#endif
