/* See pg_trouble.h. SQLSTATEs: PostgreSQL 15, Appendix A. */
#include "store/postgres/pg_trouble.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

/* A prefix of an SQLSTATE, and what it means. The first that fits counts. */
struct meaning {
    const char *prefix;
    enum tg_err err;
    enum pg_trouble trouble;
};

static const struct meaning meanings[] = {
    {"40001", TG_E_CONFLICT, PG_FINE}, /* serialization failure */
    {"40P01", TG_E_CONFLICT, PG_FINE}, /* deadlock */
    {"23505", TG_E_EXISTS, PG_FINE},
    {"25006", TG_E_NETWORK, PG_NO_PRIMARY}, /* read-only */
    {"53300", TG_E_NETWORK, PG_TOO_MANY},
    {"53100", TG_E_FULL, PG_DISK_FULL},
    {"53", TG_E_FULL, PG_BROKEN}, /* memory, locks */
    {"08", TG_E_NETWORK, PG_NO_ANSWER},
    {"57P", TG_E_NETWORK, PG_NO_ANSWER}, /* shut down, starting */
    {"57014", TG_E_CONFLICT, PG_FINE}, /* cancelled: our own limit, or theirs */
    {"55P03", TG_E_CONFLICT, PG_FINE}, /* waited too long for a lock */
    {"28", TG_E_STORE, PG_REFUSED},
    {"3D000", TG_E_STORE, PG_NO_DATABASE},
    {"42501", TG_E_STORE, PG_NO_RIGHTS},
};

static const char *const words[] = {
    [PG_FINE] =
        "the database answers again",
    [PG_NO_ANSWER] =
        "the database does not answer: is it running, and can this machine "
        "reach it?",
    [PG_REFUSED] =
        "the database refuses this user: check the user's name, the "
        "password file or certificate, and pg_hba.conf",
    [PG_PASSWORD_WANTED] =
        "the database wants a password: put it into a file that belongs to "
        "the workers' user and has mode 0600, and name that with passfile= in "
        "the store's address; is it there, and has it a line for this host, "
        "database and user?",
    [PG_NO_DATABASE] =
        "there is no database of that name: make it with createdb, or "
        "correct the name in the store's address",
    [PG_NO_TLS] =
        "no secure connection to the database comes about: check sslmode= "
        "and sslrootcert= in the store's address, and the database's "
        "certificate",
    [PG_TOO_MANY] =
        "the database takes no more connections: raise its "
        "max_connections, or run fewer workers",
    [PG_NO_PRIMARY] =
        "none of the database's servers takes writes: promote one, or name "
        "the one that does in the store's address",
    [PG_OLD_SERVER] =
        "the database is older than PostgreSQL 15: upgrade it",
    [PG_FSYNC_OFF] =
        "the database runs with fsync = off and would lose what it "
        "confirmed: set fsync = on in postgresql.conf",
    [PG_PAGES_OFF] =
        "the database runs with full_page_writes = off and may be damaged "
        "by a crash: set full_page_writes = on",
    [PG_COMMIT_WEAK] =
        "the database does not let synchronous_commit be on: it must be on "
        "or remote_apply for this user",
    [PG_NO_STANDBY] =
        "tigress_store_durability is replicated, but the database has no "
        "synchronous_standby_names: set it to the standbys' names, as in "
        "ANY 1 (alpha, beta), or let the durability be local",
    [PG_NO_RIGHTS] =
        "this user lacks rights in the database: grant them as "
        "contrib/postgresql/roles.sql does",
    [PG_NO_SCHEMA] =
        "the database has no tables for a relay yet, and this user may not "
        "make them: run tigress-relay --migrate as their owner",
    [PG_SCHEMA_OLD] =
        "the database's tables are of an older version than this relay "
        "wants: run tigress-relay --migrate as their owner",
    [PG_SCHEMA_NEW] =
        "the database's tables are of a newer version than this relay "
        "understands: upgrade this relay",
    [PG_OTHER] =
        "the database is not the one that this relay began with: if that "
        "is meant, restart the relay",
    [PG_DISK_FULL] =
        "the database's disk is full: make room there; mailboxes that end "
        "make some by themselves",
    [PG_NO_ACKNOWLEDGEMENT] =
        "the database and its standbys do not confirm what is written: are "
        "they running, and one of those in synchronous_standby_names?",
    [PG_NO_VACUUM] =
        "this user may not vacuum the table of rows, which may then grow to "
        "several times what is in it: grant that as "
        "contrib/postgresql/roles.sql does, or set autovacuum_naptime = 5s "
        "in postgresql.conf",
    [PG_BROKEN] =
        "the database reports an error: its own log says which",
};

static const struct meaning *
find_meaning(const char *sqlstate)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const struct meaning *m = &meanings[i];

        if (strncmp(sqlstate, m->prefix, strlen(m->prefix)) == 0)
            return m;
    }
    return NULL;
}

enum tg_err
pg_trouble_error(const char *sqlstate)
{
    const struct meaning *m;

    if (sqlstate == NULL)
        return TG_E_NETWORK;
    m = find_meaning(sqlstate);
    return m == NULL ? TG_E_STORE : m->err;
}

enum pg_trouble
pg_trouble_of(const char *sqlstate)
{
    const struct meaning *m;

    if (sqlstate == NULL)
        return PG_NO_ANSWER;
    m = find_meaning(sqlstate);
    return m == NULL ? PG_BROKEN : m->trouble;
}

const char *
pg_trouble_words(enum pg_trouble trouble)
{
    assert(trouble <= PG_BROKEN);
    return words[trouble];
}
