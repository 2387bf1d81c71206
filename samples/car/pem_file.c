/* See pem_file.h. */
#include "pem_file.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "certificate.h"

enum tg_err
pem_file_read(const struct state *state, const char *name,
              STACK_OF(X509) **out)
{
    struct text pem = TEXT_EMPTY;
    enum tg_err err;

    if ((err = state_read(state, name, &pem)) == TG_OK)
        err = certificate_from_pem(text_span(&pem), out);
    text_free(&pem);
    return err;
}

/* *pem becomes longer by one certificate. */
static enum tg_err
append(const X509 *certificate, struct text *pem)
{
    struct text one = TEXT_EMPTY;
    struct text both = TEXT_EMPTY;
    enum tg_err err;

    if ((err = certificate_to_pem(certificate, &one)) == TG_OK &&
        (err = text_print(&both, "%s%s", pem->at == NULL ? "" : pem->at,
                          one.at)) == TG_OK) {
        text_free(pem);
        *pem = both;
    }
    text_free(&one);
    return err;
}

enum tg_err
pem_file_write(const struct state *state, const char *name,
               const STACK_OF(X509) *chain, int first, int end)
{
    struct text pem = TEXT_EMPTY;
    enum tg_err err = TG_OK;

    assert(first < end && end <= sk_X509_num(chain));
    for (int i = first; i < end && err == TG_OK; i++)
        err = append(sk_X509_value(chain, i), &pem);
    if (err == TG_OK)
        err = state_write(state, name, text_span(&pem));
    text_free(&pem);
    return err;
}

void
pem_file_of_share(const char *stem, int64_t id,
                  char out[static PEM_FILE_NAME])
{
    snprintf(out, PEM_FILE_NAME, "%s-%" PRId64 ".pem", stem, id);
}
