/* Prepared statements sent one behind the other, and their results: a batch
 * costs a round trip, not a round trip each statement.
 *
 * What lies between two pg_pipeline_sync() fails together: after an error the
 * rest up to the next is skipped. TG_E_NETWORK from any of these says that the
 * connection is closed; the caller knows what it had sent.
 */
#ifndef STORE_POSTGRES_PG_PIPELINE_H
#define STORE_POSTGRES_PG_PIPELINE_H

#include "store/postgres/pg_connection.h"
#include "store/postgres/pg_statements.h"

enum { PG_VALUES_MOST = 12, PG_NUMBER_LEN = 8 };

/* The parameters of a statement, in order; bytes are borrowed. Start with all
 * zero. */
struct pg_values {
    int count;
    const char *at[PG_VALUES_MOST];
    int lens[PG_VALUES_MOST];
    uint8_t numbers[PG_VALUES_MOST][PG_NUMBER_LEN];
};

void pg_values_add(struct pg_values *v, struct tg_span bytes);
void pg_values_add_number(struct pg_values *v, int64_t number);
void pg_values_add_null(struct pg_values *v);

/* Prepare every statement of pg_statements.h, and stay in a pipeline. The
 * tables must be there. TG_E_NETWORK, TG_E_STORE. */
TG_MUST_USE enum tg_err pg_pipeline_prepare(struct pg_connection *c,
                                            tg_mono_ms deadline);

/* `values` may be NULL. */
TG_MUST_USE enum tg_err pg_pipeline_send(struct pg_connection *c,
                                         enum pg_statement statement,
                                         const struct pg_values *values);
TG_MUST_USE enum tg_err pg_pipeline_sync(struct pg_connection *c);

/* The result of the next statement, to be released with PQclear(); only with
 * TG_OK. TG_E_STATE: skipped, since an earlier one failed. Others: see
 * pg_trouble_error(). */
TG_MUST_USE enum tg_err pg_pipeline_result(struct pg_connection *c,
                                           tg_mono_ms deadline,
                                           PGresult **out);

/* The same for so many statements, whose results are dropped. */
TG_MUST_USE enum tg_err pg_pipeline_skip(struct pg_connection *c,
                                         tg_mono_ms deadline, unsigned count);

/* Wait for the next sync. Results not yet had are dropped; the first error
 * among them is returned, after the sync. */
TG_MUST_USE enum tg_err pg_pipeline_end(struct pg_connection *c,
                                        tg_mono_ms deadline);

/* Leave a transaction in which a statement failed. */
TG_MUST_USE enum tg_err pg_pipeline_rollback(struct pg_connection *c,
                                             tg_mono_ms deadline);

/* A column of a result that is a number, or bytes. */
int64_t pg_pipeline_number(const PGresult *result, int row, int column);
struct tg_span pg_pipeline_bytes(const PGresult *result, int row, int column);

#endif
