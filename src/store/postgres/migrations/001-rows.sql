-- What a relay keeps: opaque rows, the keys of hours, and one salt.
--
-- Statements run in one transaction, under a lock that only one migration
-- holds at a time, with an empty search_path.

DO $$
BEGIN
    IF to_regnamespace('tigress') IS NULL THEN
        CREATE SCHEMA tigress;
    END IF;
END
$$;

-- number: of a migration that was applied.
-- needs:  the lowest number that a relay must know of to work with it.
CREATE TABLE tigress.migrations (
    number  integer PRIMARY KEY,
    needs   integer NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
);

-- A blob is in `small`, which never leaves the row's page, or in `large`.
-- `stamp` is drawn anew for each version of a row: who writes names the one
-- that was read. Where a page has room the new one lies beside it and no index
-- changes; but little is left free for that, since a new row only goes where as
-- much would be left behind it: more makes for holes that nobody uses. Relays
-- vacuum the table when a tenth has died. Autovacuum is for where they may not:
-- it must not come before them, since they keep away while it has the table,
-- and it takes longer, having to do the indexes each time.
CREATE TABLE tigress.rows (
    key     bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    stamp   bigint NOT NULL,
    expires bigint NOT NULL,
    small   bytea,
    large   bytea,
    CHECK ((small IS NULL) <> (large IS NULL))
) WITH (
    fillfactor = 95,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_scale_factor = 0.2,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.2,
    autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_scale_factor = 0.2,
    toast.autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE tigress.rows
    ALTER COLUMN key SET STORAGE PLAIN,
    ALTER COLUMN small SET STORAGE PLAIN,
    ALTER COLUMN large SET STORAGE EXTERNAL;
CREATE INDEX rows_expires ON tigress.rows (expires);

-- Vacuumed for one dead row, since one dies in an hour.
CREATE TABLE tigress.hour_keys (
    hour bigint PRIMARY KEY,
    key  bytea NOT NULL CHECK (octet_length(key) = 32)
) WITH (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE tigress.site (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    salt bytea NOT NULL CHECK (octet_length(salt) = 32)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_roles
               WHERE rolname = 'tigress_relay') THEN
        GRANT USAGE ON SCHEMA tigress TO tigress_relay;
        GRANT SELECT ON tigress.migrations, tigress.site TO tigress_relay;
        GRANT SELECT, INSERT, UPDATE, DELETE ON tigress.rows TO tigress_relay;
        GRANT SELECT, INSERT, DELETE ON tigress.hour_keys TO tigress_relay;
    END IF;
END
$$;

-- Who may vacuum: from 17 on there is a right for it; before, only who has the
-- table. So that has an owner of its own, tigress_rows, whom a relay's user may
-- become, and does for this alone.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        IF EXISTS (SELECT FROM pg_catalog.pg_roles
                   WHERE rolname = 'tigress_relay') THEN
            EXECUTE 'GRANT MAINTAIN ON tigress.rows TO tigress_relay';
        END IF;
    ELSIF EXISTS (SELECT FROM pg_catalog.pg_roles
                  WHERE rolname = 'tigress_rows'
                    AND pg_has_role(oid, 'USAGE')) THEN
        GRANT USAGE, CREATE ON SCHEMA tigress TO tigress_rows;
        ALTER TABLE tigress.rows OWNER TO tigress_rows;
        REVOKE CREATE ON SCHEMA tigress FROM tigress_rows;
    END IF;
END
$$;
