/* The directives that say which devices may create mailboxes (R-ATT-2). */
#ifndef NGINX_ATTESTATION_DIRECTIVES_H
#define NGINX_ATTESTATION_DIRECTIVES_H

#include "nginx/module.h"

/* Setters as nginx calls them: tigress_attestation; _origin; _rp_id; _root and
 * _revoked. */
char *attestation_directives_set(ngx_conf_t *cf, ngx_command_t *cmd,
                                 void *conf);
char *attestation_directives_set_origins(ngx_conf_t *cf, ngx_command_t *cmd,
                                         void *conf);
char *attestation_directives_set_rp_ids(ngx_conf_t *cf, ngx_command_t *cmd,
                                        void *conf);
char *attestation_directives_set_files(ngx_conf_t *cf, ngx_command_t *cmd,
                                       void *conf);

void attestation_directives_create(struct relay_attestation *attestation);

/* What `inner` does not say itself, it has from `outer`. */
void attestation_directives_inherit(struct relay_attestation *inner,
                                    const struct relay_attestation *outer);

/* Make location->attest_policy, and with it read the files of roots and of
 * revoked serials; they are read anew with every configuration. The public
 * origin of the location must be known. */
ngx_int_t attestation_directives_finish(ngx_conf_t *cf,
                                        struct relay_location *location);

/* Say in `terms` what the location asks of devices (§7). */
ngx_int_t attestation_directives_describe(
    ngx_conf_t *cf, const struct relay_location *location,
    struct wire_terms *terms);

#endif
