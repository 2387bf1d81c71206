/* The directives of the module: one table, from which nginx reads them, the
 * defaults are taken, and ngx_tigress(5) is checked. */
#ifndef NGINX_DIRECTIVES_H
#define NGINX_DIRECTIVES_H

#include "nginx/module.h"

/* How the value of a directive is written. All become an ngx_uint_t. */
enum directive_kind {
    DIRECTIVE_OTHER,       /* read by a function of its own */
    DIRECTIVE_MILLISECONDS,
    DIRECTIVE_SECONDS,
    DIRECTIVE_BYTES,
    DIRECTIVE_NUMBER
};

/* What the table says of a directive beside what nginx asks for. */
struct directive_rule {
    enum directive_kind kind;
    const char *fallback; /* the default, as it would be written; or NULL */
    ngx_uint_t min;       /* in the unit of the kind */
    ngx_uint_t max;
    const char *help;
};

/* Of `tigress_store`, as its rule says. */
#define DIRECTIVES_STORE_PATH "/var/lib/tigress"
enum { DIRECTIVES_STORE_GIB = 16 };

/* Ends with ngx_null_command. */
extern ngx_command_t directives_table[];

/* nginx's hooks: make, inherit and finish the configuration of a level.
 * directives_finish_main() runs when all has been read. */
void *directives_create_main(ngx_conf_t *cf);
void *directives_create_server(ngx_conf_t *cf);
void *directives_create_location(ngx_conf_t *cf);
char *directives_finish_main(ngx_conf_t *cf, void *conf);
char *directives_merge_server(ngx_conf_t *cf, void *parent, void *child);
char *directives_merge_location(ngx_conf_t *cf, void *parent, void *child);

/* Copy what was written for the location to where the configuration lives. */
ngx_int_t directives_keep(ngx_conf_t *cf, const struct tg_buf *text,
                          struct tg_span *out);

/* ---- directive_types.c: how values are read ---------------------------- */

/* Read `text` as `rule` wants it. NGX_ERROR when it is malformed or out of
 * range; *out is then untouched. */
ngx_int_t directive_types_read(const struct directive_rule *rule,
                               ngx_str_t text, ngx_uint_t *out);

/* Whether `text` is a host name or a bracketed IPv6 address. */
bool directive_types_is_host(ngx_str_t text);

/* Setters as nginx calls them. */
char *directive_types_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *directive_types_set_store(ngx_conf_t *cf, ngx_command_t *cmd,
                                void *conf);
char *directive_types_set_durability(ngx_conf_t *cf, ngx_command_t *cmd,
                                     void *conf);
char *directive_types_set_push(ngx_conf_t *cf, ngx_command_t *cmd,
                               void *conf);
char *directive_types_set_public_host(ngx_conf_t *cf, ngx_command_t *cmd,
                                      void *conf);
char *directive_types_set_lifetime(ngx_conf_t *cf, ngx_command_t *cmd,
                                   void *conf);
char *directive_types_set_image_hosts(ngx_conf_t *cf, ngx_command_t *cmd,
                                      void *conf);

#endif
