/* See maker.h. root.pem is written last, under its name at once: where it is,
 * the key is too. */
#include "authenticator/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>

#define KEY "key.pem"
#define ROOT "root.pem"
#define NEW_ROOT "root.pem.new"

/* ---- files of the directory -------------------------------------------- */

static FILE *
open_at(int directory, const char *name, int flags, mode_t mode)
{
    int fd = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
    FILE *file = fd < 0 ? NULL : fdopen(fd, flags & O_CREAT ? "w" : "r");

    if (fd >= 0 && file == NULL)
        close(fd);
    return file;
}

/* A new file in the place of an old one, with mode `mode` from the start. */
static FILE *
create_at(int directory, const char *name, mode_t mode)
{
    if (unlinkat(directory, name, 0) != 0 && errno != ENOENT)
        return NULL;
    return open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL, mode);
}

/* Close it; what was written is then on disk. */
static bool
finish(FILE *file, bool ok)
{
    ok = ok && fflush(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && ok;
}

static bool
write_key(int directory, EVP_PKEY *key)
{
    FILE *file = create_at(directory, KEY, 0600);

    if (file == NULL)
        return false;
    return finish(file, PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0,
                                                  NULL, NULL) == 1);
}

static bool
write_root(int directory, X509 *root)
{
    FILE *file = create_at(directory, NEW_ROOT, 0644);

    if (file == NULL)
        return false;
    return finish(file, PEM_write_X509(file, root) == 1) &&
           renameat(directory, NEW_ROOT, directory, ROOT) == 0 &&
           fsync(directory) == 0;
}

/* ---- making and loading ------------------------------------------------ */

static enum tg_err
make(int directory, struct certificate_issuer *out)
{
    out->key = certificate_new_key();
    out->root = out->key != NULL ? certificate_make_root(out->key) : NULL;
    if (out->root == NULL)
        return TG_E_CRYPTO;
    if (!write_key(directory, out->key) || !write_root(directory, out->root))
        return TG_E_IO;
    return TG_OK;
}

/* PEM_read_…() would ask at the terminal for the passphrase of a key. */
static int
no_passphrase(char *buf, int size, int rwflag, void *self)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)self;
    return -1;
}

static enum tg_err
load(int directory, FILE *root, struct certificate_issuer *out)
{
    FILE *key = open_at(directory, KEY, O_RDONLY, 0);

    if (key == NULL)
        return TG_E_IO;
    out->key = PEM_read_PrivateKey(key, NULL, no_passphrase, NULL);
    out->root = PEM_read_X509(root, NULL, no_passphrase, NULL);
    fclose(key);
    if (out->key == NULL || out->root == NULL ||
        X509_check_private_key(out->root, out->key) != 1)
        return TG_E_FORMAT;
    return TG_OK;
}

static enum tg_err
load_or_make(int directory, struct certificate_issuer *out)
{
    FILE *root = open_at(directory, ROOT, O_RDONLY, 0);
    enum tg_err err;

    if (root == NULL)
        return errno == ENOENT ? make(directory, out) : TG_E_IO;
    err = load(directory, root, out);
    fclose(root);
    return err;
}

static enum tg_err
name_root(const char *directory, struct tg_buf *out)
{
    enum tg_err err = tg_buf_printf(out, "%s/%s", directory, ROOT);

    return err != TG_OK ? err : tg_buf_terminate(out);
}

enum tg_err
maker_open(const char *directory, struct maker *out)
{
    struct maker maker = {{NULL, NULL}, TG_BUF_EMPTY};
    enum tg_err err = TG_E_IO;
    int number;
    int fd = -1;

    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        goto out;
    fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        goto out;
    if ((err = name_root(directory, &maker.root_path)) != TG_OK ||
        (err = load_or_make(fd, &maker.issuer)) != TG_OK)
        goto out;
    *out = maker;
    maker = (struct maker){{NULL, NULL}, TG_BUF_EMPTY};
out:
    number = errno;
    maker_done(&maker);
    if (fd >= 0)
        close(fd);
    errno = number;
    return err;
}

void
maker_done(struct maker *maker)
{
    EVP_PKEY_free(maker->issuer.key);
    X509_free(maker->issuer.root);
    tg_buf_free(&maker->root_path);
}
