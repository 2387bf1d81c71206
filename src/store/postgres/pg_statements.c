/* See pg_statements.h. */
#include "store/postgres/pg_statements.h"

#include <assert.h>
#include <stddef.h>

/* synchronous_commit: whatever the server, database or role say, no less than
 * on. The limits end what a relay has given up, which waits for five seconds; a
 * commit that waits for a standby knows none (pg_connection_end_leftovers()).
 * Plans: there is one right way to each row, whatever the statistics say of a
 * table that was empty a minute ago. */
const char pg_statements_session[] =
    "SELECT set_config('synchronous_commit',"
    "  CASE current_setting('synchronous_commit')"
    "  WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),"
    " set_config('search_path', '', false),"
    " set_config('statement_timeout', '4s', false),"
    " set_config('lock_timeout', '3s', false),"
    " set_config('idle_in_transaction_session_timeout', '5s', false),"
    " set_config('client_connection_check_interval', '2s', false),"
    " set_config('default_transaction_isolation', 'read committed', false),"
    " set_config('plan_cache_mode', 'force_generic_plan', false),"
    " set_config('enable_seqscan', 'off', false),"
    " set_config('enable_bitmapscan', 'off', false),"
    " set_config('jit', 'off', false)";

#define INSERT_ROW \
    "INSERT INTO tigress.rows (key, stamp, expires, small, large)"

struct statement {
    const char *name;
    const char *text;
};

static const struct statement statements[PG_STATEMENTS] = {
    [PG_BEGIN] = {"begin", "BEGIN"},
    [PG_COMMIT] = {"commit", "COMMIT"},
    [PG_ROLLBACK] = {"rollback", "ROLLBACK"},
    [PG_BARRIER] = {"barrier",
                    "SELECT pg_logical_emit_message(true, 'tigress', '')"},
    [PG_FIND] = {"find",
                 "SELECT key, stamp, expires, coalesce(small, large)"
                 " FROM tigress.rows WHERE key = ANY ($1)"},
    [PG_STAMPS] = {"stamps", "SELECT key, stamp FROM tigress.rows"
                             " WHERE key = ANY ($1)"},
    [PG_INSERT] = {"insert", INSERT_ROW " VALUES ($1, $2, $3, $4, $5)"
                                        " ON CONFLICT DO NOTHING"},
    [PG_UPDATE] = {"update",
                   "UPDATE tigress.rows SET stamp = $2, expires = $3,"
                   " small = $4, large = $5 WHERE key = $1 AND stamp = $6"},
    [PG_DELETE] = {"delete",
                   "DELETE FROM tigress.rows WHERE key = $1 AND stamp = $2"},
    /* The companion follows only the row that went in. */
    [PG_INSERT_PAIR] = {"insert_pair",
                        "WITH first AS (" INSERT_ROW
                        " VALUES ($1, $2, $3, $4, $5)"
                        " ON CONFLICT DO NOTHING RETURNING 1) " INSERT_ROW
                        " SELECT $6::bytea, $7::bigint, $8::bigint,"
                        " $9::bytea, $10::bytea FROM first"},
    [PG_UPDATE_PAIR] = {"update_pair",
                        "WITH first AS (UPDATE tigress.rows SET stamp = $2,"
                        " expires = $3, small = $4, large = $5"
                        " WHERE key = $1 AND stamp = $6 RETURNING 1) "
                        INSERT_ROW
                        " SELECT $7::bytea, $8::bigint, $9::bigint,"
                        " $10::bytea, $11::bytea FROM first"},
    /* A wake is no promise: nobody waits for its own commit. */
    [PG_NOTIFY] = {"notify",
                   "SELECT set_config('synchronous_commit', 'off', true),"
                   " pg_notify('tigress', $1)"},
    /* The server's clock has a say: one relay's alone must not end rows. In
     * the order of keys, as batches write, so that nobody waits in a circle. */
    [PG_EXPIRE] = {"expire",
                   "DELETE FROM tigress.rows WHERE key = ANY (ARRAY("
                   "SELECT key FROM tigress.rows WHERE expires <= least($1,"
                   " extract(epoch FROM now())::bigint)"
                   " ORDER BY expires LIMIT $2)) AND expires <= $1"},
    [PG_COUNT] = {"count",
                  "SELECT count(*), pg_total_relation_size('tigress.rows')"
                  " FROM tigress.rows"},
    [PG_SALT] = {"salt", "SELECT salt FROM tigress.site"},
    [PG_SETTINGS] = {"settings",
                     "SELECT current_setting('server_version_num'),"
                     " current_setting('fsync'),"
                     " current_setting('full_page_writes'),"
                     " current_setting('synchronous_commit'),"
                     " current_setting('synchronous_standby_names'),"
                     " pg_conf_load_time(), (1000 * extract(epoch FROM"
                     " clock_timestamp() - pg_conf_load_time()))::bigint"},
    [PG_LOADED] = {"loaded", "SELECT pg_conf_load_time()"},
    [PG_HOUR_FIND] = {"hour_find",
                      "SELECT key FROM tigress.hour_keys WHERE hour = $1"},
    [PG_HOUR_MAKE] = {"hour_make",
                      "INSERT INTO tigress.hour_keys (hour, key)"
                      " VALUES ($1, $2) ON CONFLICT DO NOTHING"},
    [PG_HOUR_DESTROY] = {"hour_destroy",
                         "DELETE FROM tigress.hour_keys WHERE hour < least($1,"
                         " extract(epoch FROM now())::bigint / 3600)"},
};

const char *
pg_statements_name(enum pg_statement statement)
{
    assert(statement < PG_STATEMENTS);
    return statements[statement].name;
}

const char *
pg_statements_text(enum pg_statement statement)
{
    assert(statement < PG_STATEMENTS);
    return statements[statement].text;
}
