-- What all_kinds.pgsnap was made from, once: the kinds that format 2 has beyond those of format 1, with the fields that each has.
-- The snapshot is never made again; this file only tells what is in it.

create schema app;

create access method pile type table handler heap_tableam_handler;
create access method boxes type index handler gisthandler;
comment on access method pile is 'a heap by another name';

create default conversion app.western for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create conversion app.back for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1;

create type app.announced;
create type app.label;
create function app.label_in(cstring) returns app.label language internal immutable strict as 'textin';
create function app.label_out(app.label) returns cstring language internal immutable strict as 'textout';
create function app.label_receive(internal) returns app.label language internal stable strict as 'textrecv';
create function app.label_send(app.label) returns bytea language internal stable strict as 'textsend';
create function app.label_modifiers_in(cstring[]) returns integer language internal immutable strict as 'varchartypmodin';
create function app.label_modifiers_out(integer) returns cstring language internal immutable strict as 'varchartypmodout';
create type app.label (
    input = app.label_in, output = app.label_out, receive = app.label_receive, send = app.label_send,
    typmod_in = app.label_modifiers_in, typmod_out = app.label_modifiers_out, analyze = array_typanalyze,
    internallength = variable, alignment = int4, storage = extended, category = 'x', preferred = true, default = 'none',
    delimiter = ';', collatable = true
);
revoke all on type app.label from public;
create type app.pair;
create function app.pair_in(cstring) returns app.pair language internal immutable strict as 'point_in';
create function app.pair_out(app.pair) returns cstring language internal immutable strict as 'point_out';
create type app.pair (
    input = app.pair_in, output = app.pair_out, internallength = 16, alignment = double, element = float8,
    subscript = raw_array_subscript_handler
);

create table app.things (name app.label, place app.pair) using pile;
create materialized view app.seen as select name from app.things;
alter materialized view app.seen alter column name set storage external, alter column name set statistics 100;
alter materialized view app.seen alter column name set compression pglz, alter column name set (n_distinct = 5);
