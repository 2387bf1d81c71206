/* See attest.h. */
#include "attest.h"

#include <errno.h>
#include <string.h>

#include "authenticator/authenticator.h"

static enum authenticator_format
format_of(const char *word)
{
    if (word == NULL)
        return AUTHENTICATOR_ANY;
    return strcmp(word, "apple") == 0 ? AUTHENTICATOR_APPLE
                                      : AUTHENTICATOR_PACKED;
}

int
attest_find(struct session *s, const char *directory)
{
    enum tg_err err = authenticator_open(
        directory, format_of(s->options->attest_format), &s->authenticator);

    if (err == TG_E_IO)
        return output_unreadable(&s->out, directory, errno);
    if (err == TG_E_FORMAT)
        return output_usage(&s->out, "This directory holds something else than "
                                     "an authenticator, or a damaged one: %s",
                            directory);
    if (err != TG_OK)
        return output_fail(&s->out, ABOUT_SHARE, err, NULL);
    return STATUS_DONE;
}

int
attest_open(struct session *s)
{
    int status;

    if (s->options->attest == NULL && s->options->attest_format != NULL)
        return output_usage(&s->out, "--attest-format wants an authenticator: "
                                     "name its directory with --attest.");
    if (s->options->attest == NULL)
        return STATUS_DONE;
    status = attest_find(s, s->options->attest);
    if (status == STATUS_DONE)
        tg_relay_client_set_attestation(
            s->client, authenticator_provider(s->authenticator));
    return status;
}

void
attest_close(struct session *s)
{
    authenticator_free(s->authenticator);
    s->authenticator = NULL;
}
