/* The texts of migrations/, as tools/embed makes them; not terminated. */
#ifndef STORE_POSTGRES_PG_MIGRATIONS_H
#define STORE_POSTGRES_PG_MIGRATIONS_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t migration_001_rows_sql[];
extern const size_t migration_001_rows_sql_len;

#endif
