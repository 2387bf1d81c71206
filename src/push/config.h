/* The one file that configures tigress-push, and what is wrong with it.
 *
 * Sections and `name = value`, comments with # or ; (read with inih). Names of
 * files are relative to the file's own directory. The example is
 * src/push/tigress-push.conf.
 *
 *   [push]           socket, group, queue, in_flight, authorities
 *   [apns TOPIC]     key_file, key_id, team_id, push_type, server
 *   [fcm]            service_account, server
 *   [webpush]        key_file, subject, hosts, allow_private
 */
#ifndef PUSH_CONFIG_H
#define PUSH_CONFIG_H

#include <sys/types.h>

#include "base/bytes.h"

enum {
    CONFIG_TOPICS_MOST = 16,
    CONFIG_HOSTS_MOST = 32,
    CONFIG_QUEUE_DEFAULT = 100000,
    CONFIG_IN_FLIGHT_DEFAULT = 200 /* posts at once, a service */
};

#define CONFIG_SOCKET_DEFAULT "/run/tigress-push/socket"

enum apns_push_type { APNS_BACKGROUND, APNS_ALERT };

struct apns_topic {
    char *topic;    /* the app's bundle id, or pass.… */
    char *key_file; /* PKCS #8, P-256: Apple's .p8 */
    char *key_id;   /* 10 characters */
    char *team_id;  /* 10 characters */
    enum apns_push_type push_type;
};

/* All strings are its own. Absent sections: topic_count 0, or NULL. */
struct push_config {
    char *socket; /* where workers ring */
    char *group;  /* whose members may; NULL: only our own user */
    size_t queue;
    size_t in_flight;
    char *authorities; /* of all services; NULL: the system's */

    struct apns_topic topics[CONFIG_TOPICS_MOST]; /* in the file's order */
    size_t topic_count;
    char *apns_server; /* https://api.push.apple.com */

    char *fcm_service_account; /* Google's JSON file */
    char *fcm_server;          /* https://fcm.googleapis.com */

    char *webpush_key_file; /* PEM, P-256 */
    char *webpush_subject;  /* mailto: or https: (RFC 8292 §2.1) */
    char *webpush_hosts[CONFIG_HOSTS_MOST]; /* or *.NAME; :PORT */
    size_t webpush_host_count;
    bool webpush_allow_private; /* for tests: R-PUSH-2 without the addresses */
};

/* What is wrong, for a person: the line (0: no line is at fault) and a
 * sentence that names section, name and what was expected. */
struct config_problem {
    unsigned line;
    struct tg_buf text;
};

/* Read `path`, and look at the files that it names: nobody else may have rights
 * to them or to itself (guard.h). TG_E_IO and TG_E_FORMAT with *problem set,
 * whose text is terminated; TG_E_NOMEM. *out is zeroed by the caller and
 * released with config_free(), also on error. */
TG_MUST_USE enum tg_err config_read(const char *path, struct push_config *out,
                                    struct config_problem *problem);
/* The same for the text of a file that lies in `directory`, which ends with a
 * slash or is empty. */
TG_MUST_USE enum tg_err config_parse(const char *text, const char *directory,
                                     struct push_config *out,
                                     struct config_problem *problem);
void config_free(struct push_config *config);

#endif
