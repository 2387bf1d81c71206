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
-- write rows and the keys of hours, and to read the version and the salt.

CREATE ROLE tigress_owner LOGIN;
CREATE ROLE tigress_relay LOGIN;
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
