/* Private keys in the wallet: sealed with everything else that it holds. */
#ifndef CAR_KEPT_KEY_H
#define CAR_KEPT_KEY_H

#include <openssl/evp.h>

#include <tigress/tigress.h>

/* The key of the device itself. Getting: TG_E_NOT_FOUND. Making is getting one
 * that is there already, so that a repeated command makes no second one; it is
 * durable on return. Released with EVP_PKEY_free(). */
TG_MUST_USE enum tg_err kept_key_get(struct tg_wallet *wallet, EVP_PKEY **out);
TG_MUST_USE enum tg_err kept_key_make(struct tg_wallet *wallet,
                                      EVP_PKEY **out);

/* The same for the key that belongs to one share. */
TG_MUST_USE enum tg_err kept_key_of_share(struct tg_share *share,
                                          EVP_PKEY **out);
TG_MUST_USE enum tg_err kept_key_make_for_share(struct tg_share *share,
                                                EVP_PKEY **out);

#endif
