/* See hour_keys_file.h.
 *
 * A slot is one number, the hour (0: empty), and the key; it never straddles a
 * sector. Writers hold the file's lock. A key is written before its hour and
 * the hour erased before its key, so that a reader without the lock, who looks
 * at the hour before and after, never takes half a key for a whole one.
 */
#include "store/lmdb/hour_keys_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"

enum { HOUR_LEN = 8, KEY_OFFSET = 16 };

static const char magic[HOUR_KEYS_SLOT_LEN] = "tigress hour keys 1\n";

static_assert(sizeof(tg_time_s) == HOUR_LEN, "an hour is stored as it is");

/* The first slot's place is taken by the header. */
static size_t
slot_offset(size_t slot)
{
    return (slot + 1) * HOUR_KEYS_SLOT_LEN;
}

static size_t
slot_of(tg_time_s hour)
{
    return (size_t)((uint64_t)hour % HOUR_KEYS_SLOTS);
}

/* In the machine's byte order, as all of LMDB's files are. */
static tg_time_s
hour_in(const struct hour_keys_file *file, size_t slot)
{
    const void *at = file->map + slot_offset(slot);

    return __atomic_load_n((const tg_time_s *)at, __ATOMIC_ACQUIRE);
}

/* ---- writing ----------------------------------------------------------- */

static enum tg_err
write_at(int fd, const void *bytes, size_t len, size_t offset)
{
    ssize_t written = pwrite(fd, bytes, len, (off_t)offset);

    if (written == (ssize_t)len)
        return TG_OK;
    if (written < 0 && errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
        return TG_E_STORE;
    return TG_E_FULL;
}

static enum tg_err
sync_file(int fd)
{
    if (fdatasync(fd) == 0)
        return TG_OK;
    return errno == ENOSPC || errno == EDQUOT ? TG_E_FULL : TG_E_STORE;
}

static enum tg_err
lock_file(int fd)
{
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return TG_E_STORE;
    return TG_OK;
}

static enum tg_err
fill_slot(struct hour_keys_file *file, size_t slot, tg_time_s hour)
{
    TG_WIPED(struct hour_key, key);
    const size_t offset = slot_offset(slot);
    enum tg_err err;

    if ((err = random_bytes(key.bytes, HOUR_KEY_LEN)) != TG_OK)
        return err;
    if ((err = write_at(file->fd, key.bytes, HOUR_KEY_LEN,
                        offset + KEY_OFFSET)) != TG_OK)
        return err;
    return write_at(file->fd, &hour, HOUR_LEN, offset);
}

static enum tg_err
erase_slot(struct hour_keys_file *file, size_t slot)
{
    static const uint8_t zeros[HOUR_KEYS_SLOT_LEN];
    const size_t offset = slot_offset(slot);
    enum tg_err err;

    if ((err = write_at(file->fd, zeros, HOUR_LEN, offset)) != TG_OK)
        return err;
    return write_at(file->fd, zeros, sizeof(zeros), offset);
}

/* Under the lock. Another process may have made the key meanwhile. */
static enum tg_err
make_key(struct hour_keys_file *file, size_t slot, tg_time_s hour)
{
    tg_time_s there = hour_in(file, slot);

    if (there > hour)
        return TG_E_NOT_FOUND; /* our hour is long over */
    if (there == hour)
        return TG_OK;
    return fill_slot(file, slot, hour);
}

/* Make sure that the hour has a key and that it is on the disk. Also when
 * somebody else has made it: whoever did may not have synced it yet. */
static enum tg_err
settle(struct hour_keys_file *file, tg_time_s hour)
{
    size_t slot = slot_of(hour);
    enum tg_err err;

    if (file->settled[slot] == hour && hour_in(file, slot) == hour)
        return TG_OK;
    if (file->read_only)
        return TG_E_STORE;
    if ((err = lock_file(file->fd)) != TG_OK)
        return err;
    if ((err = make_key(file, slot, hour)) == TG_OK)
        err = sync_file(file->fd);
    flock(file->fd, LOCK_UN);
    if (err == TG_OK)
        file->settled[slot] = hour;
    return err;
}

/* ---- reading ----------------------------------------------------------- */

enum tg_err
hour_keys_file_get(struct hour_keys_file *file, tg_time_s expires, bool create,
                   struct hour_key *out)
{
    TG_WIPED(struct hour_key, key);
    tg_time_s hour = expires / HOUR_SECONDS;
    size_t slot = slot_of(hour);
    enum tg_err err;

    if (file->fd < 0)
        return TG_E_STORE;
    if (expires < HOUR_SECONDS)
        return TG_E_NOT_FOUND; /* hour 0 marks an empty slot */
    if (create && (err = settle(file, hour)) != TG_OK)
        return err;
    if (hour_in(file, slot) != hour)
        return TG_E_NOT_FOUND;
    memcpy(key.bytes, file->map + slot_offset(slot) + KEY_OFFSET,
           HOUR_KEY_LEN);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (hour_in(file, slot) != hour)
        return TG_E_NOT_FOUND; /* destroyed while we copied */
    *out = key;
    return TG_OK;
}

/* ---- destroying -------------------------------------------------------- */

static bool
is_over(tg_time_s hour, tg_time_s now)
{
    return hour != 0 && hour < now / HOUR_SECONDS;
}

static enum tg_err
erase_past(struct hour_keys_file *file, tg_time_s now)
{
    enum tg_err err = TG_OK;

    for (size_t slot = 0; slot < HOUR_KEYS_SLOTS && err == TG_OK; slot++)
        if (is_over(hour_in(file, slot), now))
            err = erase_slot(file, slot);
    return err;
}

static bool
has_past(const struct hour_keys_file *file, tg_time_s now)
{
    for (size_t slot = 0; slot < HOUR_KEYS_SLOTS; slot++)
        if (is_over(hour_in(file, slot), now))
            return true;
    return false;
}

enum tg_err
hour_keys_file_destroy(struct hour_keys_file *file, tg_time_s now)
{
    enum tg_err err;
    enum tg_err sync_err;

    if (file->fd < 0)
        return TG_E_STORE;
    if (!has_past(file, now))
        return TG_OK;
    if (file->read_only || lock_file(file->fd) != TG_OK)
        return TG_E_STORE;
    err = erase_past(file, now);
    sync_err = sync_file(file->fd);
    flock(file->fd, LOCK_UN);
    return err == TG_OK && sync_err == TG_OK ? TG_OK : TG_E_STORE;
}

/* ---- opening ----------------------------------------------------------- */

enum tg_err
hour_keys_file_blank(struct tg_buf *out)
{
    enum tg_err err;

    if ((err = tg_buf_reserve(out, HOUR_KEYS_FILE_LEN)) != TG_OK)
        return err;
    memcpy(out->ptr + out->len, magic, sizeof(magic));
    memset(out->ptr + out->len + sizeof(magic), 0,
           HOUR_KEYS_FILE_LEN - sizeof(magic));
    out->len += HOUR_KEYS_FILE_LEN;
    return TG_OK;
}

/* Mapped for reading alone, so that no stray write can get at the keys. */
static enum tg_err
map_file(struct hour_keys_file *file)
{
    struct stat st;
    void *map;

    if (fstat(file->fd, &st) != 0)
        return TG_E_STORE;
    if (st.st_size != HOUR_KEYS_FILE_LEN)
        return TG_E_FORMAT;
    map = mmap(NULL, HOUR_KEYS_FILE_LEN, PROT_READ, MAP_SHARED, file->fd, 0);
    if (map == MAP_FAILED)
        return TG_E_STORE;
    file->map = map;
    return memcmp(map, magic, sizeof(magic)) == 0 ? TG_OK : TG_E_FORMAT;
}

enum tg_err
hour_keys_file_open(struct hour_keys_file *file, int directory,
                    const char *name, bool read_only)
{
    enum tg_err err;

    *file = HOUR_KEYS_FILE_CLOSED;
    file->read_only = read_only;
    file->fd = openat(directory, name,
                      (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (file->fd < 0)
        return TG_E_STORE;
    if ((err = map_file(file)) != TG_OK)
        hour_keys_file_close(file);
    return err;
}

void
hour_keys_file_close(struct hour_keys_file *file)
{
    union {
        const void *given;
        void *mapped;
    } map = {file->map};

    if (file->map != NULL)
        munmap(map.mapped, HOUR_KEYS_FILE_LEN);
    if (file->fd >= 0)
        close(file->fd);
    *file = HOUR_KEYS_FILE_CLOSED;
}
