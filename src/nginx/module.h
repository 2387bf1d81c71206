/* What the files of the adapter share: the configuration at its three levels,
 * and the state of one request.
 *
 *   module.c           the record that nginx demands; start and end of a worker
 *   directives.c       the table of directives; directive_types.c reads values
 *   wallet_directives.c      the directives for wallet apps
 *   cross_origin.c     pages of other origins
 *   listen.c           addresses and names of the servers that serve
 *   reach.c            whether its locations take in what is served
 *   stores.c           the stores there are; storage.c has the directory of
 *                      one on this machine, checked before workers exist
 *   nodes.c            what other machines have changed is heard
 *   service.c          a worker's way to its store thread and back
 *   shared.c           memory that all workers share
 *   park.c             reads that wait; board.c wakes them between workers,
 *                      away.c keeps them small
 *   attestor.c         what devices say of themselves is judged;
 *                      attestation_directives.c reads by which rules
 *   bell.c             tigress-push is rung; dead_marks.c keeps what it says
 *   handler.c          the life of a request; its ends are request_head.c,
 *                      request_body.c and respond.c
 *   refusals.c         errors that nginx finds by itself, in our words
 *   redact.c           what may not get into logs (THREATS 24); log_line.c
 *   tls.c              R-TLS-1 to R-TLS-3
 */
#ifndef NGINX_MODULE_H
#define NGINX_MODULE_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "attest/attest.h"
#include "store/batch.h"
#include "store/exchange.h"
#include "wire/wire.h"

/* nginx's text as ours; borrowed. */
static inline struct tg_span
module_span(ngx_str_t text)
{
    return (struct tg_span){text.data, text.len};
}

extern ngx_module_t ngx_http_tigress_module;

struct service;
struct park;
struct parked;
struct bell;
struct attestor;
struct nodes;

/* ---- configuration ----------------------------------------------------- */

/* Of the whole configuration (level http). */
struct relay_main {
    ngx_str_t store_directory;  /* of a store on this machine */
    ngx_str_t store_uri;        /* of a shared one; empty: it is here */
    ngx_uint_t store_durability; /* enum pg_durability */
    ngx_uint_t store_size;      /* the most it may grow to, bytes */
    ngx_uint_t commit_delay_ms;
    ngx_uint_t sweep_interval_ms;
    ngx_uint_t queue_most;      /* operations under way, a worker */
    ngx_uint_t parked_most;     /* reads that wait, a worker */
    ngx_str_t push_path;        /* the socket of tigress-push; empty: none */
    ngx_array_t push_types;     /* struct tg_span, of tokens that it rings */
    ngx_uint_t attestation_queue; /* statements that wait, a worker */

    ngx_uint_t in_use;          /* some location serves */
    int directory;              /* the store's, O_PATH; -1 when not in use */
    struct row_salt salt;       /* of a store on this machine */
    ngx_array_t locations;      /* struct relay_location *, those that serve */
    ngx_array_t logs;           /* ngx_log_t *, redact.c's */
    ngx_shm_zone_t *board_zone; /* board.c's */
    ngx_shm_zone_t *bell_zone;  /* bell.c's; NULL: nobody is rung */
    ngx_thread_pool_t *attestation_pool; /* attestor.c's; NULL: no location
                                            judges devices */

    struct service *service;    /* of this worker; NULL when it cannot work */
    struct park *park;          /* likewise: no read waits here */
    struct nodes *nodes;        /* likewise: there are no others */
    struct bell *bell;          /* likewise: nobody is rung */
    struct attestor *attestor;  /* likewise: no device is judged */
    time_t last_complaint;      /* of this worker, about its store */
};

/* Of a server. */
struct relay_server {
    ngx_flag_t insecure_loopback;
    ngx_uint_t serves;          /* tigress is on somewhere in it */
    ngx_str_t file;             /* … and where that is said */
    ngx_uint_t line;
    ngx_uint_t is_named;        /* … of a named location, for reach.c */
    ngx_uint_t has_apple_apps;  /* some location that serves, too */
    ngx_uint_t has_android_apps;
};

/* Which devices may create mailboxes, as written (attestation_directives.c). */
struct relay_attestation {
    ngx_uint_t rule;      /* enum attest_rule */
    ngx_uint_t formats;   /* as of struct attest_policy; and the next three */
    ngx_uint_t packed_self;
    ngx_uint_t android_software;
    ngx_uint_t apple_development;
    ngx_uint_t tpm_sha1;
    ngx_array_t *origins; /* struct tg_span; NULL: the relay's own */
    ngx_array_t *rp_ids;  /* likewise */
    ngx_array_t *roots;   /* ngx_str_t, paths; NULL: none, of both */
    ngx_array_t *revoked;
};

/* Of a location. */
struct relay_location {
    ngx_uint_t serves;          /* tigress on; not inherited */
    ngx_str_t public_host;      /* HOST[:PORT]; empty: from the server's name */
    ngx_uint_t lifetime_default_s;
    ngx_uint_t lifetime_max_s;
    ngx_uint_t payload_max;     /* decoded bytes */
    ngx_uint_t body_timeout_ms; /* for the whole body */
    ngx_uint_t wait_most_s;     /* the longest wait that is granted; 0: none */
    ngx_array_t *image_hosts;   /* struct tg_span; NULL: any */
    ngx_array_t *cors_origins;  /* struct tg_span; NULL: none */
    ngx_array_t *apple_apps;    /* wallet_directives.c's; NULL: none, of both */
    ngx_array_t *android_apps;
    ngx_str_t apple_store;
    ngx_str_t android_store;
    struct relay_attestation attestation;

    /* made of the above */
    size_t body_max;
    struct wire_limits limits;
    struct wire_site wire_site;
    struct exchange_site exchange_site;
    struct attest_policy attest_policy;
};

/* How reading a body ended (body.h). */
enum body_result {
    BODY_COMPLETE,  /* relay_call.body_text is set */
    BODY_TOO_LARGE,
    BODY_TIMED_OUT,
    BODY_BROKEN,    /* its framing is wrong */
    BODY_NO_MEMORY,
    BODY_GONE       /* so is the client */
};

/* ---- one request ------------------------------------------------------- */

struct relay_call {
    ngx_http_request_t *request;
    struct relay_location *location;

    /* found by handler.c */
    ngx_uint_t is_routed;
    struct wire_problem problem; /* of the route */
    struct wire_route route;
    struct wire_reader reader;   /* of a page */
    struct wire_headers headers;
    struct wire_ids ids;
    struct wire_problem headers_problem;

    /* gathered by request_body.c */
    ngx_msec_t body_deadline;    /* of ngx_current_msec */
    struct tg_buf body_bytes;    /* what came in pieces */
    struct tg_span body_text;    /* the whole: those, or nginx's one buffer */
    void (*body_done)(struct relay_call *call, enum body_result result);

    /* on its way through the store */
    struct attest_verdict attestation; /* of a create's device */
    struct parked *parked;       /* park.c's; NULL: it does not wait */
    struct batch_item item;
    struct wire_body body;
    struct exchange exchange;

    /* written by wire/ */
    struct wire_answer answer;
    ngx_uint_t is_answered;      /* the answer is ours, not one of nginx */
    ngx_uint_t replaces_body;    /* refusals.c: nginx's own is to be dropped */
};

/* The call of this request, made on first use; NULL when out of memory.
 * Whatever it holds is released with the request. */
struct relay_call *handler_call(ngx_http_request_t *r);

/* Whether nginx has not yet come to look for a location. */
bool handler_is_early(const ngx_http_request_t *r);

/* Whether this request is for us to answer: its location serves, or nginx has
 * found it wrong before it had a location, in a server that serves. */
bool handler_is_ours(ngx_http_request_t *r);

/* nginx's content handler of a location that serves. */
ngx_int_t handler_content(ngx_http_request_t *r);

/* What park.c may do with a read that waits. */
extern const struct park_hands handler_park_hands;

#endif
