/* See describe.h. */
#include "describe.h"

const char *
describe_role(const struct tg_share *share)
{
    switch (tg_share_role(share)) {
    case TG_INITIATOR: return "given";
    case TG_RECIPIENT: return "received";
    }
    return "unknown";
}

void
describe_members(struct output_object *o, const struct tg_share *share)
{
    output_number(o, "share", tg_share_id(share));
    output_text(o, "role", describe_role(share));
    output_text(o, "state", tg_share_state_name(tg_share_state(share)));
    output_text(o, "title", tg_share_title(share));
    output_text(o, "relay", tg_share_relay(share));
    if (tg_share_expires_s(share) == 0)
        output_text(o, "expires", NULL);
    else
        output_time(o, "expires", tg_share_expires_s(share));
    output_flag(o, "interrupted", tg_share_is_pending(share));
    output_flag(o, "unread", tg_share_has_message(share));
}

void
describe_time(int64_t seconds, char out[OUTPUT_TIME_SIZE])
{
    if (seconds == 0)
        snprintf(out, OUTPUT_TIME_SIZE, "unknown");
    else
        output_format_time(seconds, out);
}
