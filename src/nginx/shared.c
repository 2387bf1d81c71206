/* See shared.h. */
#include "nginx/shared.h"

#include "nginx/module.h"

/* Until nginx calls this, the zone's data is the size that was asked for; from
 * then on it is the block. */
static ngx_int_t
prepare(ngx_shm_zone_t *zone, void *before)
{
    ngx_slab_pool_t *pool = (ngx_slab_pool_t *)zone->shm.addr;
    const size_t *size = zone->data;

    if (before == NULL && !zone->shm.exists)
        pool->data = ngx_slab_calloc(pool, *size);
    zone->data = pool->data;
    return zone->data == NULL ? NGX_ERROR : NGX_OK;
}

ngx_shm_zone_t *
shared_reserve(ngx_conf_t *cf, const char *name, size_t zone_size,
               size_t size)
{
    ngx_str_t text = {ngx_strlen(name), (u_char *)(uintptr_t)name};
    size_t *asked = ngx_palloc(cf->pool, sizeof(*asked));
    ngx_shm_zone_t *zone;

    if (asked == NULL)
        return NULL;
    *asked = size;
    zone = ngx_shared_memory_add(cf, &text, zone_size,
                                 &ngx_http_tigress_module);
    if (zone == NULL)
        return NULL;
    zone->data = asked;
    zone->init = prepare;
    return zone;
}

void *
shared_block(const ngx_shm_zone_t *zone)
{
    return zone->data;
}
