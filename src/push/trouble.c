/* See trouble.h. */
#include "push/trouble.h"

#include <stdio.h>
#include <string.h>

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

/* libcurl has not asked OpenSSL about the name. */
static const char *
certificate_reason(long result)
{
    switch (result) {
    case 0:
    case 1:
        return "it is for another name";
    case 2:
    case 20:
    case 21:
        return "nobody whom we believe has signed it (authorities)";
    case 9:
        return "it is not valid yet, or the clock of this machine is wrong";
    case 10:
        return "it has expired, or the clock of this machine is wrong";
    case 18:
    case 19:
        return "it, or who has signed it, is signed by itself alone and not "
               "among those whom we believe (authorities)";
    case 23:
        return "it was revoked";
    default:
        return NULL;
    }
}

void
trouble_note_certificate(char trouble[TROUBLE_MOST], const char *url,
                         long result)
{
    const char *slashes = strstr(url, "://");
    const char *host = slashes != NULL ? slashes + strlen("://") : url;
    int len = (int)strcspn(host, "/");
    const char *reason = certificate_reason(result);

    if (reason != NULL)
        snprintf(trouble, TROUBLE_MOST,
                 "the certificate of %.*s does not convince: %s", len, host,
                 reason);
    else
        snprintf(trouble, TROUBLE_MOST,
                 "the certificate of %.*s does not convince: OpenSSL's reason "
                 "is number %ld", len, host, result);
}
