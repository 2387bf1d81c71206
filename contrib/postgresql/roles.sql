-- The roles of a relay's database: one owns the tables and changes them when a
-- new version comes, the other is what relays are while they serve. Run once,
-- as a superuser, in the database that is to be the relays':
--
--   createdb tigress
--   psql -d tigress -f roles.sql
--
-- Then, each with a password file or a certificate (pg_hba.conf says which):
--
--   tigress-relay --migrate --store postgresql://tigress_owner@HOST/tigress
--   tigress-relay --store postgresql://tigress_relay@HOST/tigress
--
-- The migrations give tigress_relay what it needs, and no more: to read and
-- write rows and the keys of hours, to read the version and the salt, and to
-- vacuum the table of rows. PostgreSQL has a right for the last only from 17
-- on; before, the table's owner is tigress_rows, which nobody logs in as and
-- tigress_relay becomes for that one purpose. Who has taken over a relay could
-- then also change or drop this table, and not only empty it. To rule that out
-- leave out the last GRANT, and set autovacuum_naptime = 5s in postgresql.conf.

CREATE ROLE tigress_owner LOGIN;
CREATE ROLE tigress_relay LOGIN NOINHERIT;
CREATE ROLE tigress_rows NOLOGIN;
GRANT tigress_rows TO tigress_owner;
GRANT tigress_rows TO tigress_relay;
CREATE SCHEMA tigress AUTHORIZATION tigress_owner;

-- Nobody else has business here.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO tigress_owner,'
                   ' tigress_relay', current_database());
END
$$;
