/* See issuers.h. What is kept was in a path to a root that the operator trusts;
 * the one exception is a root as it was sent (is_same_authority() in trust.c).
 * Certificates are shared with whoever uses them at the moment. */
#include "attest/issuers.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "crypto/hash.h"

struct entry {
    uint8_t name[ATTEST_HASH_LEN];
    size_t count; /* 0: nothing is here */
    X509 *sent[ATTEST_CHAIN_MOST];
    struct certificate_path path;
    uint64_t used; /* when, in uses */
};

struct issuers {
    pthread_mutex_t lock;
    uint64_t uses;
    struct entry entries[ISSUERS_MOST];
};

struct issuers *
issuers_new(void)
{
    struct issuers *issuers = tg_alloc(sizeof(*issuers));

    if (issuers != NULL && pthread_mutex_init(&issuers->lock, NULL) != 0) {
        tg_free(issuers);
        return NULL;
    }
    return issuers;
}

static void
clear(struct entry *entry)
{
    for (size_t i = 0; i < entry->count; i++)
        X509_free(entry->sent[i]);
    X509_free(entry->path.anchor);
    X509_free(entry->path.root);
    *entry = (struct entry){0};
}

void
issuers_forget(struct issuers *issuers)
{
    (void)pthread_mutex_lock(&issuers->lock);
    for (size_t i = 0; i < ISSUERS_MOST; i++)
        clear(&issuers->entries[i]);
    (void)pthread_mutex_unlock(&issuers->lock);
}

void
issuers_free(struct issuers *issuers)
{
    if (issuers == NULL)
        return;
    issuers_forget(issuers);
    (void)pthread_mutex_destroy(&issuers->lock);
    tg_free(issuers);
}

size_t
issuers_count(struct issuers *issuers)
{
    size_t count = 0;

    (void)pthread_mutex_lock(&issuers->lock);
    for (size_t i = 0; i < ISSUERS_MOST; i++)
        count += issuers->entries[i].count > 0;
    (void)pthread_mutex_unlock(&issuers->lock);
    return count;
}

enum tg_err
issuers_name(const struct certificate_bytes *bytes, size_t own,
             uint8_t out[ATTEST_HASH_LEN])
{
    uint8_t lengths[1 + 2 * ATTEST_CHAIN_MOST] = {(uint8_t)own};
    struct tg_span parts[1 + ATTEST_CHAIN_MOST];
    size_t count = 1;
    size_t total = 0;

    /* A first part of a fixed length says where the others end. */
    parts[0] = (struct tg_span)TG_SPAN_ARRAY(lengths);
    for (size_t i = own; i < bytes->count; i++) {
        size_t len = bytes->der[i].len;

        if ((total += len) > ISSUERS_DER_MOST)
            return TG_E_LIMIT;
        lengths[2 * count - 1] = (uint8_t)(len >> 8);
        lengths[2 * count] = (uint8_t)len;
        parts[count++] = bytes->der[i];
    }
    return count > 1 ? hash_sha256(parts, count, out) : TG_E_LIMIT;
}

/* One more that holds it. False: OpenSSL could not count it. */
static bool
share(X509 *certificate, X509 **out)
{
    if (X509_up_ref(certificate) != 1)
        return false;
    *out = certificate;
    return true;
}

static bool
share_path(const struct certificate_path *path, struct certificate_path *out)
{
    out->from = path->from;
    out->until = path->until;
    return share(path->anchor, &out->anchor) && share(path->root, &out->root);
}

/* Where this is, or NULL. */
static struct entry *
look_up(struct issuers *issuers, const uint8_t name[ATTEST_HASH_LEN])
{
    for (size_t i = 0; i < ISSUERS_MOST; i++) {
        struct entry *entry = &issuers->entries[i];

        if (entry->count > 0 && memcmp(entry->name, name, ATTEST_HASH_LEN) == 0)
            return entry;
    }
    return NULL;
}

bool
issuers_find(struct issuers *issuers, struct certificate_chain *chain)
{
    struct certificate_chain whole = *chain;
    const struct entry *found = NULL;
    struct entry *entry;
    bool is_shared = false;

    (void)pthread_mutex_lock(&issuers->lock);
    entry = look_up(issuers, chain->issuers);
    if (entry != NULL && chain->count + entry->count <= ATTEST_CHAIN_MOST) {
        entry->used = ++issuers->uses;
        found = entry;
        is_shared = share_path(&found->path, &whole.known);
        for (size_t i = 0; i < found->count && is_shared; i++) {
            is_shared = share(found->sent[i], &whole.certificates[whole.count]);
            whole.count += is_shared;
        }
    }
    (void)pthread_mutex_unlock(&issuers->lock);
    if (is_shared) {
        *chain = whole;
        return true;
    }
    while (whole.count > chain->count)
        X509_free(whole.certificates[--whole.count]);
    X509_free(whole.known.anchor);
    X509_free(whole.known.root);
    return false;
}

/* An empty place, or the one that was not used for longest. */
static struct entry *
oldest(struct issuers *issuers)
{
    struct entry *oldest = &issuers->entries[0];

    for (size_t i = 1; i < ISSUERS_MOST; i++)
        if (issuers->entries[i].used < oldest->used)
            oldest = &issuers->entries[i];
    return oldest;
}

void
issuers_keep(struct issuers *issuers, const struct certificate_chain *chain,
             const struct certificate_path *path)
{
    struct entry made = {.count = 0};
    struct entry gone = {0};
    bool is_shared = share_path(path, &made.path);

    for (size_t i = chain->own; i < chain->count && is_shared; i++) {
        is_shared = share(chain->certificates[i], &made.sent[made.count]);
        made.count += is_shared;
    }
    memcpy(made.name, chain->issuers, ATTEST_HASH_LEN);
    if (is_shared) {
        struct entry *place;

        (void)pthread_mutex_lock(&issuers->lock);
        if ((place = look_up(issuers, made.name)) == NULL)
            place = oldest(issuers);
        made.used = ++issuers->uses;
        gone = *place;
        *place = made;
        (void)pthread_mutex_unlock(&issuers->lock);
    } else {
        gone = made;
    }
    clear(&gone);
}
