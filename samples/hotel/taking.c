/* See taking.h. */
#include "taking.h"

#include <string.h>

#include "challenge.h"
#include "invitation.h"

#define OVER_DECLINED "declined"

static enum tg_err
read_offer(struct tg_share *share, struct invitation *out)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = wallet_data_get(share, DATA_OFFER, &json)) == TG_OK)
        err = invitation_parse(text_span(&json), out);
    text_free(&json);
    return err;
}

enum tg_err
taking_room_key(struct tg_share *share, struct members **out)
{
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    if ((err = wallet_data_get(share, DATA_ROOM_KEY, &json)) == TG_OK)
        err = members_parse(text_span(&json), out);
    text_free(&json);
    return err;
}

/* Not for this wallet, or not readable with this link: another device may
 * still want it, so the mailbox is given back. */
static int
give_back(struct guest *guest, struct report *report, struct tg_share *share,
          enum tg_err why)
{
    enum tg_err err = tg_share_relinquish(share);

    if (err != TG_OK)
        return device_error(&guest->device, report, err,
                            "giving the invitation back");
    if (why == TG_E_UNTRUSTED) {
        members_set_text(report->members, "error", tg_err_name(why));
        return report_end(report, REPORT_REFUSED,
                          "The invitation is of another hotel than this "
                          "device is set up for. It was given back; a device "
                          "that knows the hotel can still accept it.");
    }
    if (why == TG_E_UNKNOWN) {
        members_set_text(report->members, "error", tg_err_name(why));
        return report_end(report, REPORT_REFUSED,
                          "This device does not know this kind of key. The "
                          "invitation was given back; another device can "
                          "still accept it.");
    }
    return report_error(report, why, "reading the invitation", NULL);
}

/* What is in the mailbox, as an invitation for us. */
static enum tg_err
receive_offer(struct guest *guest, struct tg_share *share)
{
    struct invitation offer = {.token = TEXT_EMPTY};
    struct tg_provisioning *message = NULL;
    struct tg_span content;
    enum tg_err err;

    if ((err = tg_share_receive(share, &message)) != TG_OK)
        return err;
    content = tg_provisioning_content(message);
    if (strcmp(tg_provisioning_format_name(message), TG_FORMAT_TOKEN) != 0)
        err = TG_E_UNKNOWN;
    else if ((err = invitation_parse(content, &offer)) == TG_OK &&
             strcmp(offer.desk, guest->desk.url) != 0)
        err = TG_E_UNTRUSTED;
    if (err == TG_OK)
        err = tg_share_put(share, DATA_OFFER, content);
    invitation_done(&offer);
    tg_provisioning_free(message);
    return err;
}

/* The offer is in the wallet when this is REPORT_DONE; else it has reported. */
static int
obtain_offer(struct guest *guest, struct report *report,
             struct tg_share *share)
{
    enum tg_err err;

    if (wallet_data_has(share, DATA_OFFER))
        return REPORT_DONE;
    if (device_share_has_ended(share))
        return report_error(report, TG_E_GONE, "going on", NULL);
    err = receive_offer(guest, share);
    if (err == TG_OK)
        return REPORT_DONE;
    if (err == TG_E_AUTH || err == TG_E_UNKNOWN || err == TG_E_FORMAT ||
        err == TG_E_UNTRUSTED)
        return give_back(guest, report, share, err);
    return device_error(&guest->device, report, err, "asking the relay");
}

/* What is asked of the desk, signed with the key that was made for it. */
static enum tg_err
format_redemption(struct tg_share *share, const struct invitation *offer,
                  struct members *question)
{
    struct text public_key = TEXT_EMPTY;
    struct text words = TEXT_EMPTY;
    struct text proof = TEXT_EMPTY;
    EVP_PKEY *key = NULL;
    enum tg_err err;

    if ((err = wallet_data_make_key(share, &key)) != TG_OK ||
        (err = room_key_public(key, &public_key)) != TG_OK ||
        (err = challenge_redeem_words(offer->token.at, public_key.at,
                                      &words)) != TG_OK ||
        (err = room_key_sign(key, text_span(&words), &proof)) != TG_OK)
        goto out;
    members_set_text(question, "token", offer->token.at);
    members_set_text(question, "publicKey", public_key.at);
    members_set_text(question, "proof", proof.at);
out:
    text_free(&proof);
    text_free(&words);
    text_free(&public_key);
    EVP_PKEY_free(key);
    return err;
}

/* That the desk's answer is the key that was offered, for our own. */
static enum refusal
check_room_key(struct tg_share *share, const struct invitation *offer,
               const struct members *answer)
{
    const char *statement = members_text(answer, "statement");
    const char *signature = members_text(answer, "signature");
    struct room_key issued = {.holder = NULL};
    enum refusal why = REFUSAL_FORMAT;
    EVP_PKEY *own = NULL;

    if (statement == NULL || signature == NULL ||
        room_key_read(statement, &issued) != TG_OK ||
        wallet_data_get_key(share, &own) != TG_OK)
        goto out;
    why = REFUSAL_TERMS;
    if (stay_equal(&issued.stay, &offer->stay) &&
        EVP_PKEY_eq(issued.holder, own) == 1)
        why = REFUSAL_NONE;
out:
    EVP_PKEY_free(own);
    room_key_done(&issued);
    return why;
}

static enum tg_err
store_room_key(struct tg_share *share, const struct members *answer)
{
    struct members *kept = members_new();
    struct text json = TEXT_EMPTY;
    enum tg_err err;

    members_set_text(kept, "statement", members_text(answer, "statement"));
    members_set_text(kept, "signature", members_text(answer, "signature"));
    if ((err = members_format(kept, &json)) == TG_OK)
        err = tg_share_put(share, DATA_ROOM_KEY, text_span(&json));
    text_free(&json);
    members_free(kept);
    return err;
}

/* No key will come of this share any more. */
static int
end_refused(struct guest *guest, struct report *report,
            struct tg_share *share, enum refusal why)
{
    enum tg_err err =
        tg_share_put(share, DATA_OVER, text_span_of(refusal_name(why)));

    if (err != TG_OK)
        return device_error(&guest->device, report, err,
                            "writing the wallet");
    return partner_refused(report, why);
}

static int
redeem(struct guest *guest, struct report *report, struct tg_share *share,
       const struct invitation *offer)
{
    struct members *question = members_new();
    struct members *answer = NULL;
    enum refusal why = REFUSAL_NONE;
    char shown[STAY_SHOW_MAX];
    int status;
    enum tg_err err;

    if ((err = format_redemption(share, offer, question)) != TG_OK) {
        status = device_error(&guest->device, report, err, "making a key");
        goto out;
    }
    if ((err = partner_ask(&guest->desk, "/v1/redeem", NULL, question, &why,
                           &answer)) != TG_OK) {
        status = partner_error(&guest->desk, report, err, "redeeming");
        goto out;
    }
    if (why == REFUSAL_NONE)
        why = check_room_key(share, offer, answer);
    if (why != REFUSAL_NONE) {
        status = end_refused(guest, report, share, why);
        goto out;
    }
    if ((err = store_room_key(share, answer)) != TG_OK) {
        status = device_error(&guest->device, report, err, "storing the key");
        goto out;
    }
    stay_show(&offer->stay, shown);
    status = report_end(report, REPORT_DONE,
                        "\"%s\": %s. The key is in this device and can be "
                        "used.",
                        offer->name, shown);
out:
    members_free(answer);
    members_free(question);
    return status;
}

/* With the offer in the wallet: the mailbox goes, then the key comes. */
static int
fetch_key(struct guest *guest, struct report *report, struct tg_share *share)
{
    struct invitation offer = {.token = TEXT_EMPTY};
    int status;
    enum tg_err err;

    if ((err = read_offer(share, &offer)) != TG_OK) {
        status = device_error(&guest->device, report, err, "going on");
    } else {
        members_set_text(report->members, "name", offer.name);
        stay_write(&offer.stay, report->members);
        if ((err = tg_share_finish(share)) != TG_OK)
            status = device_error(&guest->device, report, err,
                                  "removing the mailbox");
        else
            status = redeem(guest, report, share, &offer);
    }
    invitation_done(&offer);
    return status;
}

static int
say_over(struct report *report, const char *why)
{
    enum refusal check = refusal_find(why);

    if (strcmp(why, OVER_DECLINED) == 0)
        return report_end(report, REPORT_OVER,
                          "This invitation was declined here.");
    members_set_text(report->members, "check", refusal_name(check));
    return report_end(report, REPORT_OVER, "%s (check: %s)",
                      refusal_text(check), refusal_name(check));
}

int
taking_continue(struct guest *guest, struct report *report,
                struct tg_share *share)
{
    struct text over = TEXT_EMPTY;
    int status;

    if (wallet_data_has(share, DATA_ROOM_KEY))
        return report_end(report, REPORT_DONE,
                          "The key is in this device and can be used.");
    if (wallet_data_get(share, DATA_OVER, &over) == TG_OK) {
        status = say_over(report, over.at);
        text_free(&over);
        return status;
    }
    if ((status = obtain_offer(guest, report, share)) != REPORT_DONE)
        return status;
    return fetch_key(guest, report, share);
}

/* The URL without the line feed that a messenger or a file adds. */
static struct tg_span
trimmed(struct tg_span text)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL) {
        text.ptr++;
        text.len--;
    }
    return text;
}

/* Find or begin the share of a URL, and take one step of it. */
static int
on_url(struct guest *guest, struct report *report, struct tg_span url,
       int (*step)(struct guest *, struct report *, struct tg_share *))
{
    struct tg_share_url *parsed = NULL;
    struct tg_share *share = NULL;
    enum tg_err err;
    int status;

    if (tg_share_url_parse(trimmed(url), &parsed) != TG_OK)
        return report_end(report, REPORT_REFUSED,
                          "This is no complete invitation: the whole link is "
                          "needed, with what follows the # sign.");
    err = tg_share_accept(guest->device.wallet, guest->device.client, parsed,
                          &share);
    tg_share_url_free(parsed);
    if (err != TG_OK)
        return device_error(&guest->device, report, err,
                            "accepting the invitation");
    status = step(guest, report, share);
    tg_share_close(share);
    return status;
}

int
taking_accept(struct guest *guest, struct report *report, struct tg_span url)
{
    return on_url(guest, report, url, taking_continue);
}

/* Tell the desk that nobody will redeem this. It may know already. */
static int
decline_token(struct guest *guest, struct report *report,
              struct tg_share *share)
{
    struct invitation offer = {.token = TEXT_EMPTY};
    struct members *question = members_new();
    struct members *answer = NULL;
    enum refusal why = REFUSAL_NONE;
    int status = REPORT_DONE;
    enum tg_err err;

    if ((err = read_offer(share, &offer)) != TG_OK) {
        status = device_error(&guest->device, report, err, "declining");
    } else {
        members_set_text(question, "token", offer.token.at);
        err = partner_ask(&guest->desk, "/v1/decline", NULL, question, &why,
                          &answer);
        if (err != TG_OK)
            status = partner_error(&guest->desk, report, err, "declining");
        else if (why != REFUSAL_NONE)
            status = end_refused(guest, report, share, why);
    }
    members_free(answer);
    members_free(question);
    invitation_done(&offer);
    return status;
}

static int
decline(struct guest *guest, struct report *report, struct tg_share *share)
{
    int status;
    enum tg_err err;

    if (wallet_data_has(share, DATA_ROOM_KEY))
        return report_end(report, REPORT_OVER,
                          "The key is in this device already. Who gave it to "
                          "you can cancel it.");
    if (wallet_data_has(share, DATA_OVER))
        return taking_continue(guest, report, share);
    if ((status = obtain_offer(guest, report, share)) != REPORT_DONE ||
        (status = decline_token(guest, report, share)) != REPORT_DONE)
        return status;
    if ((err = tg_share_cancel(share)) == TG_OK)
        err = tg_share_put(share, DATA_OVER, text_span_of(OVER_DECLINED));
    if (err != TG_OK)
        return device_error(&guest->device, report, err,
                            "removing the mailbox");
    return report_end(report, REPORT_DONE,
                      "The invitation is declined: its URL is worth nothing "
                      "now.");
}

int
taking_decline(struct guest *guest, struct report *report, struct tg_span url)
{
    return on_url(guest, report, url, decline);
}

int
taking_status(struct guest *guest, struct report *report,
              struct tg_share *share)
{
    const char *state = tg_share_state_name(tg_share_state(share));
    struct invitation offer = {.name = "?"};
    char shown[STAY_SHOW_MAX] = "the invitation has not been read";
    bool refused = wallet_data_has(share, DATA_DOOR_SAID);
    bool usable = wallet_data_has(share, DATA_ROOM_KEY) && !refused;
    struct text over = TEXT_EMPTY;

    (void)guest;
    if (read_offer(share, &offer) == TG_OK) {
        stay_show(&offer.stay, shown);
        stay_write(&offer.stay, report->members);
        members_set_text(report->members, "name", offer.name);
    }
    if (wallet_data_get(share, DATA_OVER, &over) == TG_OK)
        members_set_text(report->members, "check", over.at);
    members_set_text(report->members, "state", state);
    members_set_flag(report->members, "usable", usable);
    report_end(report, REPORT_DONE, "\"%s\": %s; %s", offer.name, shown,
               refused           ? "a door has said that it was cancelled"
               : usable          ? "usable"
               : over.at != NULL ? over.at
                                 : state);
    text_free(&over);
    invitation_done(&offer);
    return REPORT_DONE;
}
