/* See nginx_conf.h.
 *
 * Directives of the http level stand in a table. One that the operator gives
 * with --conf takes the place of ours, since nginx refuses to see it twice.
 */
#include "launch/nginx_conf.h"

#include <string.h>

struct directive {
    const char *name;
    const char *value;
};

/* R-TLS-1, R-TLS-2; R-TLS-3 is the module's business, said here as well for
 * whoever reads the file. */
static const struct directive tls_directives[] = {
    {"ssl_protocols", "TLSv1.2 TLSv1.3"},
    {"ssl_ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"
                    ":ECDHE-RSA-AES128-GCM-SHA256"
                    ":ECDHE-ECDSA-AES256-GCM-SHA384"
                    ":ECDHE-RSA-AES256-GCM-SHA384"
                    ":ECDHE-ECDSA-CHACHA20-POLY1305"
                    ":ECDHE-RSA-CHACHA20-POLY1305"},
    {"ssl_session_cache", "off"},
    {"ssl_session_tickets", "off"},
};

/* Every phase of a connection has an end, and every buffer a bound
 * (THREATS 20). A line of the head may have 20 KiB, so that the statement of a
 * device fits (§9), and all of it twice as many. */
static const struct directive http_directives[] = {
    {"access_log", "off"},
    {"server_tokens", "off"},
    {"merge_slashes", "off"}, /* R-HTTP-1: another path */
    {"client_header_timeout", "10s"},
    {"client_header_buffer_size", "1k"},
    {"large_client_header_buffers", "2 20k"},
    {"keepalive_timeout", "60s"},
    {"keepalive_requests", "1000"},
    {"send_timeout", "10s"},
    {"lingering_time", "5s"},
    {"lingering_timeout", "2s"},
    {"reset_timedout_connection", "on"},
    {"http2_max_concurrent_streams", "64"},
    {"limit_req_status", "429"},
    {"limit_conn_status", "429"},
};

/* nginx makes all of these at its start, whether they are used or not; a
 * request's body never gets there. */
static const char *const temporary[] = {"client_body", "proxy", "fastcgi",
                                        "uwsgi", "scgi"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Writes until something fails, then nothing more. */
struct writer {
    struct tg_buf *out;
    enum tg_err err;
    const struct options *options;
};

#define PRINT(w, ...)                                                        \
    do {                                                                     \
        if ((w)->err == TG_OK)                                               \
            (w)->err = tg_buf_printf((w)->out, __VA_ARGS__);                 \
    } while (0)

/* Whether the operator gives a directive of this name. */
static bool
is_given(const struct options *options, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < options->conf_count; i++) {
        const char *text = options->conf[i];

        text += strspn(text, " \t\r\n");
        if (strncmp(text, name, len) == 0 && strchr(" \t;", text[len]) != NULL)
            return true;
    }
    return false;
}

static void
write_directives(struct writer *w, const struct directive *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_given(w->options, list[i].name))
            PRINT(w, "    %s %s;\n", list[i].name, list[i].value);
}

static void
write_process(struct writer *w, const struct nginx_conf_site *site)
{
    PRINT(w, "# Written by tigress-relay; the next start writes it anew.\n");
    PRINT(w, "load_module \"%s\";\n", site->module);
    PRINT(w, "daemon off;\n");
    if (site->user != NULL)
        PRINT(w, "user \"%s\" \"%s\";\n", site->user, site->group);
    PRINT(w, "worker_processes %s;\n", w->options->workers);
    /* A worker judges one statement at a time; nginx would make 32 threads. */
    if (is_given(w->options, "tigress_attestation"))
        PRINT(w, "thread_pool default threads=1;\n");
    PRINT(w, "worker_rlimit_core 0;\n");
    PRINT(w, "pid \"%s/nginx.pid\";\n", site->state);
    PRINT(w, "lock_file \"%s/nginx.lock\";\n", site->state);
    PRINT(w, "error_log stderr warn;\n\n");
}

/* Some descriptors are for the store, the listener and the logs. */
static unsigned long
connections(unsigned long open_files)
{
    enum { OTHERS = 64, MOST = 65536, LEAST = 128 };

    if (open_files < LEAST + OTHERS)
        return LEAST;
    return open_files - OTHERS < MOST ? open_files - OTHERS : MOST;
}

static void
write_server(struct writer *w, const struct nginx_conf_site *site)
{
    const struct options *options = w->options;
    bool has_tls = !options->insecure_loopback;

    PRINT(w, "    server {\n");
    PRINT(w, "        listen %s%s;\n", options->listen,
          has_tls ? " ssl http2" : "");
    if (has_tls) {
        PRINT(w, "        ssl_certificate \"%s\";\n", site->tls_cert);
        PRINT(w, "        ssl_certificate_key \"%s\";\n", site->tls_key);
    } else {
        PRINT(w, "        tigress_insecure_loopback on;\n");
    }
    PRINT(w, "        location / {\n            tigress on;\n        }\n");
    PRINT(w, "    }\n");
}

static void
write_store(struct writer *w, const struct nginx_conf_site *site)
{
    if (options_names_database(w->options))
        PRINT(w, "    tigress_store \"%s\";\n", w->options->store);
    else
        PRINT(w, "    tigress_store \"lmdb:%s\";\n", site->store);
}

static void
write_http(struct writer *w, const struct nginx_conf_site *site)
{
    const struct options *options = w->options;

    PRINT(w, "http {\n");
    for (size_t i = 0; i < COUNT(temporary); i++)
        PRINT(w, "    %s_temp_path \"%s/temp_%s\";\n", temporary[i],
              site->state, temporary[i]);
    write_directives(w, http_directives, COUNT(http_directives));
    write_directives(w, tls_directives, COUNT(tls_directives));
    if (!is_given(options, "tigress_store"))
        write_store(w, site);
    if (!is_given(options, "tigress_public_host"))
        PRINT(w, "    tigress_public_host \"%s\";\n", options->public_host);
    if (options->push != NULL && !is_given(options, "tigress_push"))
        PRINT(w, "    tigress_push %s;\n", options->push);
    for (size_t i = 0; i < options->conf_count; i++)
        PRINT(w, "    %s\n", options->conf[i]);
    write_server(w, site);
    PRINT(w, "}\n");
}

enum tg_err
nginx_conf_write(const struct options *options,
                 const struct nginx_conf_site *site, struct tg_buf *out)
{
    struct writer w = {out, TG_OK, options};

    write_process(&w, site);
    PRINT(&w, "events {\n    worker_connections %lu;\n}\n\n",
          connections(site->open_files));
    write_http(&w, site);
    return w.err;
}
