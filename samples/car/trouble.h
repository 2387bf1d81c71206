/* What a mailbox held that is not a message of its share: in words. */
#ifndef CAR_TROUBLE_H
#define CAR_TROUBLE_H

#include "device.h"

/* Whether tg_share_receive() has failed because of what the relay delivered. */
bool trouble_is_content(enum tg_err err);

/* The technical reason, for --verbose. Of other errors "". */
const char *trouble_reason(enum tg_err err);

/* End with an error of the relay's in a share that is going on: content that
 * does not belong there is ignored, and nothing is lost.
 *
 *   other    who should have written, such as "your friend's device"
 *   instead  what to do if it goes on so
 */
int trouble_report(const struct device *device, struct report *report,
                   enum tg_err err, const char *other, const char *instead);

#endif
