-- What all_kinds.pgsnap was made from, once: every kind of object, with the fields that its kind has.
-- The snapshot is never made again; this file only tells what is in it.

create schema app;
comment on schema app is 'what the application owns';
create schema audit;
create extension citext schema app;

create language plsample handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;
create collation app.numeric_order (provider = icu, locale = 'en-u-kn-true', deterministic = false);

create type app.role as enum ('user', 'admin', 'it''s');
create domain app.amount as numeric(12, 2) default 0 not null constraint amount_not_negative check (value >= 0);
create type app.address as (street text, city varchar(80) collate "C", tags text[]);
create type app.price_range as range (subtype = numeric, multirange_type_name = app.price_multirange);
create sequence app.invoice_number as integer increment by 5 minvalue 10 maxvalue 100000 start with 15 cache 3 cycle;

create table app.accounts (
    id bigint generated always as identity (start with 100) primary key,
    email app.citext not null,
    role app.role default 'user' not null,
    name varchar(100) collate "C",
    home app.address,
    balance app.amount,
    tags text[] default '{}' not null,
    full_name text generated always as (upper(name)) stored,
    legacy_id serial,
    parent_id bigint,
    created_at timestamptz default now() not null,
    constraint accounts_email_key unique (email) include (role) deferrable initially deferred,
    constraint accounts_name_check check (name <> '') no inherit,
    constraint accounts_parent_fkey foreign key (parent_id) references app.accounts (id) on update cascade on delete set null not valid
) with (fillfactor = 70);
comment on table app.accounts is 'who may log in';
comment on column app.accounts.email is 'lower case
or not';
alter table app.accounts alter column name set storage external, alter column name set statistics 500, alter column name set (n_distinct = -0.5);
alter table app.accounts enable row level security, force row level security;
grant select, insert (email, role) on app.accounts to public;

create table app.bookings (
    room int not null,
    during tstzrange not null,
    price app.price_range,
    constraint bookings_no_overlap exclude using gist (int4range(room, room, '[]') with =, during with &&) where (room > 0)
);
alter table app.bookings replica identity full;

create table app.events (id bigint not null, at date not null, kind text, primary key (id, at)) partition by range (at);
create table app.events_2024 partition of app.events for values from ('2024-01-01') to ('2025-01-01');
create table app.events_rest partition of app.events default;
create table app.parts (id int, k int) partition by hash (id);
create table app.parts_0 partition of app.parts for values with (modulus 2, remainder 0);
create table app.places (id int, region text) partition by list (region);
create table app.places_eu partition of app.places for values in ('de', 'fr', null);
create table app.base (id int, note text);
create table app.derived (extra int) inherits (app.base);
create unlogged table app.scratch (id int);

create foreign data wrapper files options (debug 'true');
create server remote type 'file' version '1' foreign data wrapper files options (host 'localhost');
create user mapping for public server remote options (user_name 'reader');
create foreign table app.remote_rows (id int options (column_name 'ID') not null, body text) server remote options (table_name 'rows');

create index accounts_name_idx on app.accounts using btree (lower(name) text_pattern_ops desc nulls last, created_at) include (role) where role <> 'admin';
create unique index accounts_legacy_idx on app.accounts (legacy_id) nulls not distinct with (fillfactor = 80);
create index events_kind_idx on app.events (kind);

create view app.admins with (security_barrier) as select id, email from app.accounts where role = 'admin' with local check option;
create materialized view app.totals as select role, count(*) as number from app.accounts group by role with no data;

create function app.touch() returns trigger language plpgsql as $$ begin new.created_at := now(); return new; end $$;
create function app.add(a int, b int default 1, variadic rest int[] default '{}') returns int
    language sql immutable strict parallel safe leakproof cost 5 set search_path to app, public as 'select a + b';
create function app.accounts_of(wanted app.role) returns table (id bigint, email app.citext) language sql stable rows 10 security definer
    begin atomic select a.id, a.email from app.accounts a where a.role = wanted; end;
create procedure app.purge(inout removed int) language plpgsql as $$ begin removed := 0; end $$;
create aggregate app.total(int) (sfunc = int4pl, stype = int, initcond = '0', parallel = safe);

create function app.same(text, text) returns bool language sql immutable as 'select $1 = $2';
create operator app.=== (leftarg = text, rightarg = text, function = app.same, commutator = operator(app.===), restrict = eqsel, join = eqjoinsel);
create operator family app.text_ops using btree;
create operator class app.text_class for type text using btree family app.text_ops as
    operator 1 <, operator 3 =, function 1 bttextcmp(text, text);
create function app.to_address(text) returns app.address language sql immutable as 'select row($1, null, null)::app.address';
create cast (text as app.address) with function app.to_address(text) as assignment;
create transform for int language sql (from sql with function prsd_lextype(internal), to sql with function int4recv(internal));

create trigger accounts_touch before update of name, email on app.accounts for each row when (old.name is distinct from new.name) execute function app.touch('a', 'b''c');
create constraint trigger accounts_late after insert on app.accounts deferrable initially deferred for each row execute function app.touch();
alter table app.accounts disable trigger accounts_touch;
create function app.on_ddl() returns event_trigger language plpgsql as 'begin end';
create event trigger watch_ddl on ddl_command_end when tag in ('CREATE TABLE', 'DROP TABLE') execute function app.on_ddl();
create rule scratch_nothing as on delete to app.scratch where old.id > 10 do instead nothing;
create policy own_rows on app.accounts as restrictive for update to public using (id > 0) with check (role <> 'admin');
create statistics app.accounts_stats (ndistinct, dependencies) on role, created_at from app.accounts;

create text search parser app.words (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype);
create text search template app.simple (init = dsimple_init, lexize = dsimple_lexize);
create text search dictionary app.dict (template = app.simple, stopwords = 'english');
create text search configuration app.search (copy = pg_catalog.english);
alter text search configuration app.search alter mapping for asciiword with app.dict, english_stem;

create publication changes for table app.accounts (id, email) where (id > 0) with (publish = 'insert, update');
create publication audits for tables in schema audit;
create subscription copies connection 'host=none password=secret' publication changes with (connect = false, slot_name = none, enabled = false);
alter default privileges in schema app grant select on tables to public;
