/* See lmdb_files.h. */
#include "store/lmdb/lmdb_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"
#include "store/lmdb/hour_keys_file.h"

static const uint8_t salt_magic[16] = "tigress salt 1\n";

enum { SALT_FILE_LEN = sizeof(salt_magic) + ROW_SALT_LEN };

/* `directory` may be an O_PATH descriptor, which can be neither locked nor
 * synced: this one can. */
static int
real_directory(int directory)
{
    return openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
lmdb_files_lock(int directory)
{
    int fd = real_directory(directory);

    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        close(fd);
        fd = -1;
    }
    return fd;
}

enum tg_err
lmdb_files_sync(int directory)
{
    int fd = real_directory(directory);
    bool is_synced = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return is_synced ? TG_OK : TG_E_IO;
}

static enum tg_err
io_error(void)
{
    return errno == ENOSPC || errno == EDQUOT ? TG_E_FULL : TG_E_IO;
}

static enum tg_err
write_whole(int fd, struct tg_span content)
{
    while (content.len > 0) {
        ssize_t written = write(fd, content.ptr, content.len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return io_error();
        content.ptr += written;
        content.len -= (size_t)written;
    }
    return fsync(fd) == 0 ? TG_OK : io_error();
}

/* Under another name first, so that the real name is never half a file. */
static enum tg_err
create_file(int directory, const char *name, struct tg_span content)
{
    static const char temporary[] = "new";
    enum tg_err err;
    int fd;

    if (unlinkat(directory, temporary, 0) != 0 && errno != ENOENT)
        return TG_E_IO;
    fd = openat(directory, temporary,
                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, LMDB_FILES_MODE);
    if (fd < 0)
        return io_error();
    err = write_whole(fd, content);
    close(fd);
    if (err == TG_OK &&
        renameat(directory, temporary, directory, name) != 0)
        err = io_error();
    if (err != TG_OK)
        unlinkat(directory, temporary, 0);
    return err;
}

static bool
is_there(int directory, const char *name)
{
    return faccessat(directory, name, F_OK, 0) == 0;
}

static enum tg_err
create_salt(int directory)
{
    uint8_t content[SALT_FILE_LEN];
    enum tg_err err;

    if (is_there(directory, LMDB_FILES_SALT))
        return TG_OK;
    memcpy(content, salt_magic, sizeof(salt_magic));
    if ((err = random_bytes(content + sizeof(salt_magic), ROW_SALT_LEN)) !=
        TG_OK)
        return err;
    return create_file(directory, LMDB_FILES_SALT, TG_SPAN_ARRAY(content));
}

static enum tg_err
create_hour_keys(int directory)
{
    struct tg_buf content = TG_BUF_EMPTY;
    enum tg_err err;

    if (is_there(directory, LMDB_FILES_HOUR_KEYS))
        return TG_OK;
    if ((err = hour_keys_file_blank(&content)) == TG_OK)
        err = create_file(directory, LMDB_FILES_HOUR_KEYS,
                          tg_span_buf(&content));
    tg_buf_free(&content);
    return err;
}

enum tg_err
lmdb_files_create(int directory)
{
    enum tg_err err;

    if ((err = create_salt(directory)) != TG_OK)
        return err;
    return create_hour_keys(directory);
}

enum tg_err
lmdb_files_salt(int directory, struct row_salt *out)
{
    uint8_t content[SALT_FILE_LEN + 1]; /* one more, to see a longer file */
    ssize_t len;
    int fd = openat(directory, LMDB_FILES_SALT, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return TG_E_IO;
    len = read(fd, content, sizeof(content));
    close(fd);
    if (len < 0)
        return TG_E_IO;
    if (len != SALT_FILE_LEN ||
        memcmp(content, salt_magic, sizeof(salt_magic)) != 0)
        return TG_E_FORMAT;
    memcpy(out->bytes, content + sizeof(salt_magic), ROW_SALT_LEN);
    return TG_OK;
}
