/* Memory that all workers share, and that outlives reloads: one zeroed block in
 * a zone of nginx. */
#ifndef NGINX_SHARED_H
#define NGINX_SHARED_H

#include <ngx_config.h>
#include <ngx_core.h>

/* While the configuration is read: reserve a zone of `zone_size` bytes for a
 * block of `size`. NULL: nginx has said why not. The name tells the layout: one
 * that changes needs another name, since a reload keeps the old zone. */
ngx_shm_zone_t *shared_reserve(ngx_conf_t *cf, const char *name,
                               size_t zone_size, size_t size);

/* The block, once workers run. */
void *shared_block(const ngx_shm_zone_t *zone);

#endif
