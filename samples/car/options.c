/* See options.h. */
#include "options.h"

#include <string.h>

enum { DEFAULT_HOURS = 48, HOUR_SECONDS = 3600 };

bool
options_offer(const struct args *args, struct inviting_offer *out)
{
    const char *from = args_get(args, "from");
    const char *until = args_get(args, "until");
    struct grant *grant = &out->grant;

    out->name = args_get(args, "name");
    out->url_file = args_get(args, "url-file");
    out->pin_file = args_get(args, "pin-file");
    out->from_given = from != NULL;
    out->until_given = until != NULL;
    grant->not_before = moment_now();
    if (from != NULL && !moment_parse(from, &grant->not_before))
        return false;
    grant->not_after =
        grant->not_before + (moment)DEFAULT_HOURS * HOUR_SECONDS;
    if (until != NULL && !moment_parse(until, &grant->not_after))
        return false;
    grant->sharing = args_get(args, "may-share") != NULL ? 1 : 0;
    return messages_is_name(out->name) &&
           grant->not_before < grant->not_after &&
           args_number(args, "uses", &grant->uses) &&
           grant->uses <= GRANT_USES_MAX &&
           entitlements_parse(args_get(args, "entitlements"),
                              &grant->allowed);
}

enum entitlement
options_action(const struct args *args)
{
    enum entitlement action = ENTITLEMENT_UNLOCK; /* also for `open` */
    bool found = entitlements_find(args->command->name, &action);

    return found ? action : ENTITLEMENT_UNLOCK;
}
