/* The JSON file by which Google knows a program. */
#ifndef PUSH_SERVICE_ACCOUNT_H
#define PUSH_SERVICE_ACCOUNT_H

#include "push/credential.h"

/* Texts are terminated. Zeroed before use, released with
 * service_account_free(). */
struct service_account {
    struct tg_buf client_email;
    struct tg_buf private_key_id; /* empty: the file has none */
    struct tg_buf project_id;
    struct tg_buf token_uri; /* https */
    struct signing_key *key; /* RSA */
};

/* Read the text of the file `path`; members that are not named above are
 * ignored. TG_E_FORMAT with *problem set, TG_E_NOMEM, TG_E_CRYPTO; *out is to
 * be released then, too. */
TG_MUST_USE enum tg_err service_account_parse(struct tg_span text,
                                              const char *path,
                                              struct service_account *out,
                                              struct config_problem *problem);
void service_account_free(struct service_account *account);

#endif
