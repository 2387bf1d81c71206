/* See trouble.h. */
#include "trouble.h"

bool
trouble_is_content(enum tg_err err)
{
    return err == TG_E_AUTH || err == TG_E_UNKNOWN || err == TG_E_FORMAT ||
           err == TG_E_REPLAY;
}

const char *
trouble_reason(enum tg_err err)
{
    if (err == TG_E_AUTH)
        return "the payload does not open with the secret of the share";
    if (err == TG_E_UNKNOWN)
        return "the payload's type, its format or the kind of message is not "
               "known";
    if (err == TG_E_FORMAT)
        return "the payload opens, but is no provisioning information";
    if (err == TG_E_REPLAY)
        return "direction, sequence or hash are not those of the next message";
    return "";
}

int
trouble_report(const struct device *device, struct report *report,
               enum tg_err err, const char *other, const char *instead)
{
    if (!trouble_is_content(err))
        return device_error(device, report, err, "asking the relay");
    members_set_text(report->members, "error", tg_err_name(err));
    if (report->verbose)
        members_set_text(report->members, "reason", trouble_reason(err));
    return report_end(report, REPORT_REFUSED,
                      "What the relay delivered is not what %s wrote in this "
                      "share: it was changed or damaged. It was ignored, and "
                      "nothing is lost: try the same command again. If it "
                      "stays so, %s.%s%s%s",
                      other, instead, report->verbose ? " (" : "",
                      report->verbose ? trouble_reason(err) : "",
                      report->verbose ? ")" : "");
}
