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
-- that was read. Room is left in each page, so that a new version lies beside
-- the old one and no index changes.
CREATE TABLE tigress.rows (
    key     bytea PRIMARY KEY CHECK (octet_length(key) = 16),
    stamp   bigint NOT NULL,
    expires bigint NOT NULL,
    small   bytea,
    large   bytea,
    CHECK ((small IS NULL) <> (large IS NULL))
) WITH (
    fillfactor = 75,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.2,
    autovacuum_vacuum_cost_delay = 0,
    toast.autovacuum_vacuum_scale_factor = 0.05
);
ALTER TABLE tigress.rows
    ALTER COLUMN key SET STORAGE PLAIN,
    ALTER COLUMN small SET STORAGE PLAIN,
    ALTER COLUMN large SET STORAGE EXTERNAL;
CREATE INDEX rows_expires ON tigress.rows (expires);

CREATE TABLE tigress.hour_keys (
    hour bigint PRIMARY KEY,
    key  bytea NOT NULL CHECK (octet_length(key) = 32)
) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0);

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
