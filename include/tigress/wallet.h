/* The wallet: what this device knows of its shares, in one file.
 *
 * A SQLite database, made with mode 0600. Every change is durable before the
 * call that makes it returns. Several processes may have the same wallet open:
 * every call on a share begins by reading it, and a change is refused with
 * TG_E_LOCKED when another process has changed the same share in the meantime
 * (call again), or holds the file for more than five seconds.
 *
 * What the file holds of shares and data is sealed under a key of the wallet.
 * That key is sealed in turn under the passphrase, if there is one: then the
 * file alone is worth nothing. Without a passphrase the key lies beside it, and
 * who can read the file can take the shares that are still open.
 */
#ifndef TIGRESS_WALLET_H
#define TIGRESS_WALLET_H

#include <stdbool.h>
#include <stdint.h>

#include <tigress/bytes.h>
#include <tigress/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tg_wallet;

/* Open the wallet at `path`, or make an empty one. The directory must exist.
 * An older layout is brought up to date.
 *
 *   *out   set on TG_OK; released with tg_wallet_close(), after the shares
 *          that were opened from it
 *
 * Errors: TG_E_NOT_FOUND (no such directory), TG_E_IO, TG_E_FORMAT (not a
 * wallet), TG_E_UNKNOWN (the layout of a newer version), TG_E_LOCKED,
 * TG_E_FULL, TG_E_NOMEM.
 */
TG_API TG_MUST_USE enum tg_err tg_wallet_open(const char *path,
                                              struct tg_wallet **out);

/* Accepts NULL. Wipes. */
TG_API void tg_wallet_close(struct tg_wallet *wallet);

/* A passphrase: 1 to TG_PASSPHRASE_MAX bytes, any. */
enum { TG_PASSPHRASE_MAX = 1024 };

/* Whether a passphrase must be given before the wallet is of use: until then
 * every call that touches shares or data is TG_E_SEALED. Any of them may also
 * be TG_E_FORMAT: the file is damaged, or somebody has tampered with it. */
TG_API bool tg_wallet_is_sealed(const struct tg_wallet *wallet);

/* Give the passphrase of a sealed wallet; it is asked for each time that the
 * wallet is opened. Takes about a quarter of a second and 64 MiB on purpose
 * (Argon2id), so that trying many costs a thief that too.
 *
 * TG_OK also when no passphrase is needed. TG_E_AUTH when it is wrong: what was
 * open stays open. TG_E_LIMIT, TG_E_NOMEM, TG_E_IO, TG_E_LOCKED, TG_E_FORMAT
 * (the file is damaged). Source: THREATS 1.
 */
TG_API TG_MUST_USE enum tg_err
tg_wallet_unlock(struct tg_wallet *wallet, struct tg_span passphrase);

/* Set, change, or with an empty span remove the passphrase. Everything is
 * sealed anew under a fresh key, in one transaction: nothing that the old
 * passphrase, or none, could open stays in the file.
 *
 * TG_E_SEALED when the present one was not given, TG_E_LIMIT, TG_E_NOMEM,
 * TG_E_RANDOM, TG_E_CRYPTO, TG_E_IO, TG_E_FULL, TG_E_LOCKED, TG_E_FORMAT (the
 * file is damaged); the old one then still holds. Other processes that have
 * the wallet open get TG_E_SEALED, unless there is none any more.
 */
TG_API TG_MUST_USE enum tg_err
tg_wallet_set_passphrase(struct tg_wallet *wallet, struct tg_span passphrase);

/* Data of the caller that belong to no share, such as the device's own key: as
 * tg_share_put(), tg_share_get() and tg_share_remove(). */
TG_API TG_MUST_USE enum tg_err tg_wallet_put(struct tg_wallet *wallet,
                                             const char *name,
                                             struct tg_span value);
TG_API TG_MUST_USE enum tg_err tg_wallet_get(struct tg_wallet *wallet,
                                             const char *name,
                                             struct tg_buf *out);
TG_API TG_MUST_USE enum tg_err tg_wallet_remove(struct tg_wallet *wallet,
                                                const char *name);

/* Accept messages of this format, besides those of provisioning.h, as long as
 * the wallet is open. TG_E_FORMAT, TG_E_NOMEM. */
TG_API TG_MUST_USE enum tg_err
tg_wallet_register_format(struct tg_wallet *wallet, const char *format);

/* Whether messages without order information are taken, as foreign
 * implementations write them: see tg_order_accept(). Off unless set. */
TG_API void tg_wallet_set_accept_plain(struct tg_wallet *wallet, bool on);

/* Let relays ring this device, as long as the wallet is open: the token that
 * a push service has given it. Several may be set, the most wanted first, each
 * of another type; a relay is given the first whose type it rings, when a
 * mailbox is made (after that of the offer, if there is one) and when this
 * device reads one for the first time. Where it rings none of them it is given
 * none: see tg_share_has_push(). A relay that does not say what it rings is
 * given the first. Tokens are not stored: set them each time.
 *
 *   type   such as "org.w3.webpush": 1 to 64 printable ASCII characters
 *   data   of that type, 1 to 4096 bytes of UTF-8; takes the place of what was
 *          set for the type. NULL: not this one any more
 *
 * Errors: TG_E_FORMAT, TG_E_LIMIT (too long, or more than 8 types), TG_E_NOMEM;
 * nothing is then changed. Source: PROTOCOL §8.
 */
TG_API TG_MUST_USE enum tg_err tg_wallet_set_token(struct tg_wallet *wallet,
                                                   const char *type,
                                                   const char *data);

/* The shares, oldest first: the id of the first one after `after` (0: from
 * the beginning). TG_E_NOT_FOUND when there is none, TG_E_LOCKED, TG_E_IO. */
TG_API TG_MUST_USE enum tg_err
tg_wallet_next_share(struct tg_wallet *wallet, int64_t after, int64_t *id);

/* Forget a share with all of its data, in whatever state it is; the relay is
 * not told. TG_E_NOT_FOUND, TG_E_LOCKED, TG_E_IO, TG_E_FULL. */
TG_API TG_MUST_USE enum tg_err
tg_wallet_forget_share(struct tg_wallet *wallet, int64_t id);

#ifdef __cplusplus
}
#endif
#endif
