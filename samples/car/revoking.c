/* See revoking.h. */
#include "revoking.h"

#include <string.h>

#include "certificate.h"
#include "pem_file.h"
#include "tracking.h"

#define REVOKE_DATA   "revoke"
#define REGISTER_DATA "register"

#define WANTED  "wanted"
#define DONE    "done"
#define REFUSED "refused"

/* Whether the data `name` of a share are this word. */
static bool
is(struct tg_share *share, const char *name, const char *word)
{
    struct tg_buf kept = TG_BUF_EMPTY;
    bool same = tg_share_get(share, name, &kept) == TG_OK &&
                strcmp((const char *)kept.ptr, word) == 0;

    tg_buf_free(&kept);
    return same;
}

enum revoking
revoking_state(struct tg_share *share)
{
    if (is(share, REVOKE_DATA, DONE))
        return REVOKING_DONE;
    return is(share, REVOKE_DATA, WANTED) ? REVOKING_WANTED : REVOKING_NONE;
}

enum revoking
revoking_lent_state(const struct lending *lending, struct tg_share *share)
{
    enum revoking state = revoking_state(share);
    enum ending ending = ending_get(share);
    bool is_unwanted = ending == ENDING_CANCELLED || ending == ENDING_REFUSED;

    if (state == REVOKING_NONE && is_unwanted &&
        lending_has_signed(lending, share))
        return REVOKING_WANTED;
    return state;
}

static bool
has_server(const struct device *device)
{
    return state_has(&device->state, TRACKING_SERVER_FILE);
}

const char *
revoking_text(const struct device *device, enum revoking revoking)
{
    switch (revoking) {
    case REVOKING_NONE: break;
    case REVOKING_WANTED:
        if (has_server(device))
            return "The key is to be revoked, but the vehicle's maker does not "
                   "know that yet.";
        return "The friend's device may have the key, which then works until "
               "its time is over. To revoke it, run `init` again with "
               "--maker-url, which names the server of the vehicle's maker, "
               "then `continue`.";
    case REVOKING_DONE:
        return "The key is revoked: the vehicle refuses it as soon as it has "
               "heard of that.";
    }
    return "";
}

static int
tracking_status(struct report *report, enum tg_err err, const char *check)
{
    if (err == TG_E_REFUSED)
        return report_refused(report, check, tracking_text(err, check));
    return report_end(report, report_exit_of(err), "%s",
                      tracking_text(err, check));
}

/* Tell the server what is on disk already. `check` is that of
 * tracking_revoke(). */
static enum tg_err
tell(const struct device *device, struct tg_share *share,
     STACK_OF(X509) *chain, unsigned signer, EVP_PKEY *key,
     char check[static TRACKING_CHECK_MAX + 1])
{
    struct web *web = NULL;
    enum tg_err err;

    if ((err = tracking_open(&device->state, &web)) == TG_OK)
        err = tracking_revoke(web, chain, signer, key, check);
    web_free(web);
    if (err == TG_OK)
        err = tg_share_put(share, REVOKE_DATA, text_span_of(DONE));
    return err;
}

static int
say(const struct device *device, struct report *report, enum tg_err err,
    const char *check)
{
    if (err != TG_OK)
        return tracking_status(report, err, check);
    return report_end(report, REPORT_DONE, "%s",
                      revoking_text(device, REVOKING_DONE));
}

/* The intent, before anything is tried. REPORT_DONE, or what is in the way. */
static int
intend(const struct device *device, struct report *report,
       struct tg_share *share)
{
    enum tg_err err;

    if (!has_server(device))
        return report_end(report, REPORT_USAGE,
                          "This device does not know the server of the "
                          "vehicle's maker: run `init` again, with "
                          "--maker-url.");
    if (revoking_state(share) == REVOKING_NONE &&
        (err = tg_share_put(share, REVOKE_DATA, text_span_of(WANTED))) !=
            TG_OK)
        return report_error(report, err, "storing what is to be revoked",
                            NULL);
    return REPORT_DONE;
}

/* The lent key's chain: its certificate, and ours. */
static enum tg_err
tell_of_lent(struct lending *lending, struct tg_share *share,
             char check[static TRACKING_CHECK_MAX + 1])
{
    STACK_OF(X509) *chain = NULL;
    char file[PEM_FILE_NAME];
    enum tg_err err;

    pem_file_of_share(LENDING_ISSUED, tg_share_id(share), file);
    err = pem_file_read(&lending->device->state, file, &chain);
    for (int i = 0; err == TG_OK && i < sk_X509_num(lending->self.chain);
         i++) {
        X509 *issuer = sk_X509_value(lending->self.chain, i);

        if (X509_up_ref(issuer) != 1 || sk_X509_push(chain, issuer) == 0)
            err = TG_E_NOMEM;
    }
    if (err == TG_OK)
        err = tell(lending->device, share, chain, 1, lending->self.key,
                   check);
    certificate_free_chain(chain);
    return err;
}

int
revoking_revoke(struct lending *lending, struct report *report,
                struct tg_share *share)
{
    char check[TRACKING_CHECK_MAX + 1] = "";
    enum tg_err err;
    int status;

    if (!lending_has_signed(lending, share))
        return report_end(report, REPORT_OVER,
                          "No key was signed for this share, so there is none "
                          "to revoke. `cancel` calls it off.");
    if (revoking_state(share) == REVOKING_DONE)
        return say(lending->device, report, TG_OK, check);
    if ((status = intend(lending->device, report, share)) != REPORT_DONE)
        return status;
    err = tell_of_lent(lending, share, check);
    status = say(lending->device, report, err, check);
    /* A key that waits in its mailbox is not to be fetched any more. */
    if (!device_share_has_ended(share) &&
        (err = tg_share_cancel(share)) != TG_OK && status == REPORT_DONE)
        return device_error(lending->device, report, err,
                            "cancelling the share");
    return status;
}

int
revoking_retry(struct lending *lending, struct tg_share *share,
               const char **trouble)
{
    char check[TRACKING_CHECK_MAX + 1] = "";
    enum tg_err err;

    *trouble = "";
    if (revoking_lent_state(lending, share) != REVOKING_WANTED ||
        !has_server(lending->device))
        return REPORT_DONE;
    if ((err = tell_of_lent(lending, share, check)) == TG_OK)
        return REPORT_DONE;
    *trouble = tracking_text(err, check);
    return err == TG_E_REFUSED ? REPORT_REFUSED : report_exit_of(err);
}

int
revoking_drop(const struct device *device, struct report *report,
              struct tg_share *share)
{
    char check[TRACKING_CHECK_MAX + 1] = "";
    struct identity identity;
    enum tg_err err;
    int status;

    if (revoking_state(share) == REVOKING_DONE)
        return say(device, report, TG_OK, check);
    if ((err = identity_of_share(device, tg_share_id(share), &identity)) !=
        TG_OK)
        return report_error(report, err, "reading the key", NULL);
    if ((status = intend(device, report, share)) == REPORT_DONE) {
        err = tell(device, share, identity.chain, 0, identity.key, check);
        status = say(device, report, err, check);
    }
    identity_free(&identity);
    return status;
}

enum revoking_registered
revoking_registered(const struct device *device, struct tg_share *share)
{
    if (is(share, REGISTER_DATA, DONE))
        return REVOKING_REGISTERED;
    if (is(share, REGISTER_DATA, REFUSED))
        return REVOKING_NOT_ACCEPTED;
    return has_server(device) ? REVOKING_UNREGISTERED : REVOKING_NO_SERVER;
}

enum tg_err
revoking_register(const struct device *device, struct tg_share *share,
                  const char **sentence)
{
    char check[TRACKING_CHECK_MAX + 1] = "";
    struct identity identity = {.key = NULL};
    struct web *web = NULL;
    enum tg_err err;

    if ((err = identity_of_share(device, tg_share_id(share), &identity)) ==
            TG_OK &&
        (err = tracking_open(&device->state, &web)) == TG_OK)
        err = tracking_register(web, identity.chain, identity.key, check);
    web_free(web);
    identity_free(&identity);
    *sentence = tracking_text(err, check);
    if (err == TG_OK)
        return tg_share_put(share, REGISTER_DATA, text_span_of(DONE));
    if (err == TG_E_REFUSED && strcmp(check, "revoked") == 0 &&
        tg_share_put(share, REGISTER_DATA, text_span_of(REFUSED)) != TG_OK)
        return TG_E_IO;
    return err;
}
