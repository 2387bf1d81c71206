/* See wallet_key.h. */
#include "client/wallet_key.h"

#include <string.h>

#include "client/wallet_sql.h"
#include "crypto/random.h"

enum { KEY_LEN = 32, SEALED_KEY_LEN = AEAD_IV_LEN + KEY_LEN + AEAD_TAG_LEN };

void
wallet_keyring_done(struct wallet_keyring *ring)
{
    tg_buf_free(&ring->key);
    *ring = (struct wallet_keyring){0};
}

static bool
is_valid(const struct wallet_keyring *ring, const char *kdf, size_t salt_len)
{
    if (!ring->has_passphrase)
        return strcmp(kdf, "none") == 0 && ring->key.len == KEY_LEN;
    return salt_len == sizeof(ring->salt) &&
           passphrase_cost_is_allowed(&ring->cost) &&
           ring->key.len == SEALED_KEY_LEN;
}

static enum tg_err
take(sqlite3_stmt *stmt, struct wallet_keyring *ring)
{
    struct tg_buf salt = TG_BUF_EMPTY;
    const char *kdf = wallet_value_text(stmt, 1);
    enum tg_err err;

    ring->generation = sqlite3_column_int64(stmt, 0);
    ring->has_passphrase = strcmp(kdf, "argon2id") == 0;
    ring->cost.memory_kib = sqlite3_column_int64(stmt, 2);
    ring->cost.passes = sqlite3_column_int64(stmt, 3);
    if ((err = wallet_value_take(stmt, 4, NULL, NULL, &salt)) != TG_OK)
        return err;
    if ((err = wallet_value_take(stmt, 5, NULL, NULL, &ring->key)) == TG_OK &&
        !is_valid(ring, kdf, salt.len))
        err = TG_E_FORMAT;
    if (err == TG_OK && ring->has_passphrase)
        memcpy(ring->salt, salt.ptr, sizeof(ring->salt));
    tg_buf_free(&salt);
    return err;
}

enum tg_err
wallet_keyring_read(sqlite3 *db, struct wallet_keyring *out)
{
    struct wallet_keyring ring = {0};
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;
    int code;

    if ((err = wallet_sql_prepare(db,
                                  "SELECT generation, kdf, memory_kib, passes,"
                                  " salt, key FROM keyring",
                                  &stmt)) != TG_OK)
        return err;
    if ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = take(stmt, &ring);
    else
        err = code == SQLITE_DONE ? TG_E_FORMAT : wallet_sql_err(code);
    sqlite3_finalize(stmt);
    if (err == TG_OK)
        *out = ring;
    else
        wallet_keyring_done(&ring);
    return err;
}

static enum tg_err
bind(sqlite3_stmt *stmt, const struct wallet_keyring *ring)
{
    struct tg_span salt = TG_SPAN_ARRAY(ring->salt);
    enum tg_err err;

    if (!ring->has_passphrase)
        salt.len = 0;
    sqlite3_bind_int64(stmt, 1, ring->generation);
    sqlite3_bind_int64(stmt, 3, ring->cost.memory_kib);
    sqlite3_bind_int64(stmt, 4, ring->cost.passes);
    err = wallet_sql_err(
        sqlite3_bind_text(stmt, 2, ring->has_passphrase ? "argon2id" : "none",
                          -1, SQLITE_STATIC));
    if (err != TG_OK || (err = wallet_sql_bind(stmt, 5, salt)) != TG_OK)
        return err;
    return wallet_sql_bind(stmt, 6, tg_span_buf(&ring->key));
}

enum tg_err
wallet_keyring_write(sqlite3 *db, const struct wallet_keyring *ring)
{
    sqlite3_stmt *stmt = NULL;
    enum tg_err err;

    if ((err = wallet_sql_prepare(
             db,
             "INSERT INTO new_keyring (generation, kdf, memory_kib, passes,"
             " salt, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
             &stmt)) != TG_OK)
        return err;
    if ((err = bind(stmt, ring)) != TG_OK) {
        sqlite3_finalize(stmt);
        return err;
    }
    return wallet_sql_finish(stmt);
}

/* The key that the wallet's key is sealed under, and its associated data. */
static enum tg_err
derive(const struct wallet_keyring *ring, struct tg_span passphrase,
       struct aead_key *out, struct wallet_place *place)
{
    enum tg_err err;

    if ((err = wallet_place_set(place, "keyring/%lld",
                                (long long)ring->generation)) != TG_OK)
        return err;
    out->len = PASSPHRASE_KEY_LEN;
    return passphrase_derive(passphrase, ring->salt, &ring->cost, out->bytes);
}

static enum tg_err
fill(struct wallet_keyring *ring, struct tg_span passphrase,
     const struct aead_key *key)
{
    struct tg_span bytes = {key->bytes, key->len};
    TG_WIPED(struct aead_key, outer);
    struct wallet_place place;
    enum tg_err err;

    if (!ring->has_passphrase)
        return tg_buf_append(&ring->key, bytes);
    ring->cost = passphrase_cost_new;
    if ((err = random_bytes(ring->salt, sizeof(ring->salt))) != TG_OK ||
        (err = derive(ring, passphrase, &outer, &place)) != TG_OK)
        return err;
    return aead_seal(&outer, wallet_place_span(&place), bytes, &ring->key);
}

enum tg_err
wallet_keyring_make(struct tg_span passphrase, int64_t generation,
                    struct wallet_keyring *out, struct aead_key *key)
{
    struct wallet_keyring ring = {.generation = generation,
                                  .has_passphrase = passphrase.len > 0};
    TG_WIPED(struct aead_key, fresh);
    enum tg_err err;

    fresh.len = KEY_LEN;
    if ((err = random_bytes(fresh.bytes, KEY_LEN)) != TG_OK)
        return err;
    if ((err = fill(&ring, passphrase, &fresh)) != TG_OK) {
        wallet_keyring_done(&ring);
        return err;
    }
    *out = ring;
    *key = fresh;
    return TG_OK;
}

enum tg_err
wallet_keyring_open(const struct wallet_keyring *ring,
                    struct tg_span passphrase, struct aead_key *key)
{
    TG_WIPED(struct aead_key, outer);
    struct tg_buf plain = TG_BUF_EMPTY;
    struct wallet_place place;
    enum tg_err err;

    if (!ring->has_passphrase)
        err = tg_buf_append(&plain, tg_span_buf(&ring->key));
    else if ((err = derive(ring, passphrase, &outer, &place)) == TG_OK)
        err = aead_open(&outer, wallet_place_span(&place),
                        tg_span_buf(&ring->key), &plain);
    if (err == TG_OK) {
        memcpy(key->bytes, plain.ptr, KEY_LEN);
        key->len = KEY_LEN;
    }
    tg_buf_free(&plain);
    return err;
}
