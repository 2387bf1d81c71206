/* tigress share FILE */
#include <string.h>
#include <time.h>

#include "commands.h"
#include "input.h"
#include "link.h"
#include "relay.h"

enum { IMAGE_SIZE = RELAY_NAME_SIZE + 40 };

static const struct {
    const char *word;
    enum tg_vertical vertical;
    const char *title;
    const char *description;
} verticals[] = {
    {"general", TG_VERTICAL_GENERAL, "A credential for you",
     "Open this link on the device that shall have the credential."},
    {"home", TG_VERTICAL_HOME, "A home key for you",
     "Open this link on the device that shall have the key."},
    {"car", TG_VERTICAL_CAR, "A car key for you",
     "Open this link on the device that shall have the key."},
};

/* The seconds from now to `text`, or -1 when it is no time to come. */
static int64_t
seconds_until(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    int64_t left;

    if (end == NULL || *end != '\0')
        return -1;
    left = (int64_t)timegm(&tm) - (int64_t)time(NULL);
    return left > 0 ? left : -1;
}

static int
set_lifetime(struct session *s, struct tg_share_offer *offer)
{
    offer->lifetime_s = s->options->lifetime;
    if (s->options->expires == NULL)
        return STATUS_DONE;
    if (offer->lifetime_s != 0)
        return output_usage(&s->out, "--expires and --lifetime say the same: "
                                     "give one of them.");
    offer->lifetime_s = seconds_until(s->options->expires);
    if (offer->lifetime_s < 0)
        return output_usage(&s->out, "--expires wants a time to come, as "
                                     "2030-12-31T18:00:00Z.");
    return STATUS_DONE;
}

/* A car key is made by messages in turn, so its recipient must write, too. */
static bool
is_car(const char *format, const char *vertical)
{
    return strcmp(format, TG_FORMAT_CAR_KEY) == 0 ||
           (vertical != NULL && strcmp(vertical, "car") == 0);
}

/* What is shown in previews; a person's words go before ours. */
static void
describe(const struct options *o, bool car, char image[IMAGE_SIZE],
         struct tg_share_offer *offer)
{
    const char *word = o->vertical;

    if (word == NULL)
        word = car ? "car" : "general";
    for (size_t i = 0; i < sizeof verticals / sizeof verticals[0]; i++) {
        if (strcmp(verticals[i].word, word) != 0)
            continue;
        offer->vertical = verticals[i].vertical;
        offer->title = verticals[i].title;
        offer->description = verticals[i].description;
    }
    /* The relay's own: no third party learns of the preview. */
    snprintf(image, IMAGE_SIZE, "https://%s/v1/picture/%s.png", offer->relay,
             word);
    offer->image_url = o->image == NULL ? image : o->image;
    if (o->title != NULL)
        offer->title = o->title;
    if (o->description != NULL)
        offer->description = o->description;
}

static void
fill(const struct options *o, const struct tg_provisioning *message,
     char image[IMAGE_SIZE], struct tg_share_offer *offer)
{
    bool car = is_car(tg_provisioning_format_name(message), o->vertical);

    describe(o, car, image, offer);
    offer->access_rights = car ? "RWD" : "RD";
    if (o->rights != NULL)
        offer->access_rights = o->rights;
    offer->algorithm = TG_AEAD_AES_128_GCM;
    if (o->algorithm != NULL && strcmp(o->algorithm, "aes-256-gcm") == 0)
        offer->algorithm = TG_AEAD_AES_256_GCM;
    offer->format = tg_provisioning_format_name(message);
    offer->content = tg_provisioning_content(message);
}

/* Whether another try would fail in the same way: nothing was given here that
 * could vouch for the device, or the relay has another name. Nothing of such a
 * share is worth keeping. */
static bool
is_hopeless(const struct session *s, struct tg_share *share, enum tg_err err)
{
    bool is_unvouched = err == TG_E_ATTESTATION && s->options->attest == NULL;
    bool is_elsewhere = err == TG_E_PROTOCOL &&
                        tg_relay_client_detail(s->client)[0] != '\0';

    return (is_unvouched || is_elsewhere) && tg_share_cancel(share) == TG_OK;
}

/* The mailbox was not made. A share that can still be made stays. */
static int
fail(struct session *s, struct tg_share *share, enum tg_err err)
{
    long long id = tg_share_id(share);
    int status = relay_fail(s, share, ABOUT_OFFER, err);

    if (tg_share_state(share) != TG_SHARE_FAILED && !is_hopeless(s, share, err))
        output_note(&s->out, "It is share %lld: \"tigress resume %lld\" tries "
                             "again.", id, id);
    else if (tg_wallet_forget_share(s->wallet, id) != TG_OK)
        output_note(&s->out, "It is listed as share %lld.", id);
    return status;
}

static int
create(struct session *s, const struct tg_share_offer *offer)
{
    struct tg_share *share = NULL;
    enum tg_err err = tg_share_create(s->wallet, s->client, offer, &share);
    int status;

    if (err != TG_OK)
        return session_fail(s, ABOUT_OFFER, err);
    err = tg_share_resume(share);
    if (err == TG_OK)
        status = link_announce(s, share, "shared", s->options->qr);
    else
        status = fail(s, share, err);
    tg_share_close(share);
    return status;
}

int
cmd_share(struct session *s)
{
    const struct options *o = s->options;
    struct tg_provisioning *message = NULL;
    struct tg_share_offer offer = {0};
    char relay[RELAY_NAME_SIZE];
    char image[IMAGE_SIZE];
    int status;

    if (o->qr && s->out.json)
        return output_usage(&s->out, "--qr draws for people and --json writes "
                                     "for programs: leave one of them out.");
    if (o->relay == NULL || !relay_name(o->relay, relay))
        return output_usage(&s->out, "Name the relay: --relay HOST[:PORT].");
    offer.relay = relay;
    status = set_lifetime(s, &offer);
    if (status == STATUS_DONE)
        status = input_read(s, o->operands[1], &message);
    if (status != STATUS_DONE)
        return status;
    fill(o, message, image, &offer);
    status = session_open(s, SESSION_TO_SHARE);
    /* Who names a relay here, means it. */
    if (status == STATUS_DONE &&
        tg_allow_list_add(s->allowed, relay) != TG_OK)
        status = output_usage(&s->out, "Name the relay: --relay HOST[:PORT].");
    if (status == STATUS_DONE)
        status = create(s, &offer);
    tg_provisioning_free(message);
    return status;
}
