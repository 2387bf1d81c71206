/* See trouble.h. */
#include "push/trouble.h"

#include <stdio.h>

void
trouble_note(char trouble[TROUBLE_MOST], const char *text)
{
    snprintf(trouble, TROUBLE_MOST, "%s", text);
}

void
trouble_note_refusal(char trouble[TROUBLE_MOST],
                     const struct push_service *service, unsigned route,
                     enum push_verdict verdict)
{
    const char *topic = service->topic != NULL
                            ? service->topic(service->self, route)
                            : NULL;

    if (verdict == PUSH_REFUSED)
        trouble_note(trouble, "the service refuses what we send");
    else if (topic == NULL)
        trouble_note(trouble, "our credential is not accepted");
    else if (verdict == PUSH_TOPIC_REFUSED)
        snprintf(trouble, TROUBLE_MOST,
                 "the topic %s is not one that its key may use", topic);
    else
        snprintf(trouble, TROUBLE_MOST,
                 "our credential is not accepted: look at the key and the ids "
                 "in [apns %s]", topic);
}
