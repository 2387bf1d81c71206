/* The keys of expiry hours in a file that all workers share.
 *
 * One slot an hour, at a fixed place, so that destroying a key overwrites the
 * very bytes that held it. The file is never copied, renamed or rewritten as a
 * whole. Readers map it: a key that one process destroys is gone from the
 * memory of all of them at once.
 *
 * What this cannot undo: copies that a file system with snapshots, or a drive
 * that remaps sectors, has made behind our back.
 */
#ifndef STORE_LMDB_HOUR_KEYS_FILE_H
#define STORE_LMDB_HOUR_KEYS_FILE_H

#include "row/hour_keys.h"

enum {
    HOUR_KEYS_SLOTS = 1024, /* more than hours in the longest lifetime */
    HOUR_KEYS_SLOT_LEN = 64,
    HOUR_KEYS_FILE_LEN = (HOUR_KEYS_SLOTS + 1) * HOUR_KEYS_SLOT_LEN
};

/* Start with HOUR_KEYS_FILE_CLOSED. */
struct hour_keys_file {
    int fd;
    bool read_only;
    const uint8_t *map;
    /* Hours whose keys this process knows to be on the disk; by slot. */
    tg_time_s settled[HOUR_KEYS_SLOTS];
};

#define HOUR_KEYS_FILE_CLOSED ((struct hour_keys_file){.fd = -1})

/* What a new file holds; appends. TG_E_NOMEM. */
TG_MUST_USE enum tg_err hour_keys_file_blank(struct tg_buf *out);

/* Open `name` in `directory`. TG_E_STORE, TG_E_FORMAT. */
TG_MUST_USE enum tg_err hour_keys_file_open(struct hour_keys_file *file,
                                            int directory, const char *name,
                                            bool read_only);

/* A closed one is fine. */
void hour_keys_file_close(struct hour_keys_file *file);

/* The operations of row/hour_keys.h. */
TG_MUST_USE enum tg_err hour_keys_file_get(struct hour_keys_file *file,
                                           tg_time_s expires, bool create,
                                           struct hour_key *out);
TG_MUST_USE enum tg_err hour_keys_file_destroy(struct hour_keys_file *file,
                                               tg_time_s now);

#endif
