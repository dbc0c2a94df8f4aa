-- What scripts/builtin-catalogs reads of one server; that script says what the lines mean.
\set ON_ERROR_STOP 1
set client_min_messages = error;
do $$
declare extension text;
begin
  for extension in select name from pg_available_extensions where name <> 'plpgsql' and name !~ '-[0-9]+$' order by name loop
    begin
      execute format('create extension if not exists %I cascade', extension);
    exception when others then
      raise log 'extension % is left out: %', extension, sqlerrm;
    end;
  end loop;
end $$;
set search_path = pg_catalog;
create temp view member as
select d.classid, d.objid, e.extname from pg_depend d join pg_extension e on e.oid = d.refobjid
where d.refclassid = 'pg_extension'::regclass and d.deptype = 'e' and e.extname <> 'plpgsql';
-- Functions of a language of its own or a handler's are not called by schemas.
create temp view function as
select p.*, coalesce(m.extname, '') as extension from pg_proc p left join member m on m.classid = 'pg_proc'::regclass and m.objid = p.oid
where (m.extname is not null or p.pronamespace = 'pg_catalog'::regnamespace) and p.prokind in ('f', 'a', 'w')
  and not exists (select from unnest(p.proargtypes::oid[] || p.prorettype) a(oid) where a.oid in ('internal'::regtype, 'cstring'::regtype, 'trigger'::regtype,
    'event_trigger'::regtype, 'language_handler'::regtype, 'index_am_handler'::regtype, 'table_am_handler'::regtype, 'tsm_handler'::regtype,
    'fdw_handler'::regtype))
  -- What binary_upgrade, the statistics views and the replication commands call is no schema's business.
  and (m.extname is not null or p.proname !~ '^(binary_upgrade_|pg_stat_get_|pg_logical_|pg_replication_|pg_create_|pg_drop_)');
create temp view lines(line) as
select concat_ws(E'\t', p.extension, 'f', p.proname, r.typname,
    (select coalesce(string_agg(t.typname, ' ' order by a.n), '') from unnest(p.proargtypes) with ordinality a(oid, n) join pg_type t on t.oid = a.oid),
    case when p.proisstrict then 's' else '' end || case when p.provariadic <> 0 then 'v' else '' end || case when p.proretset then 'r' else '' end
      || case p.prokind when 'a' then 'a' when 'w' then 'w' else '' end || case when p.pronargdefaults > 0 then p.pronargdefaults::text else '' end,
    (select string_agg(p.proargnames[a.n] || ' ' || t.typname, ',' order by a.n) from unnest(p.proallargtypes) with ordinality a(oid, n)
      join pg_type t on t.oid = a.oid where p.proargmodes[a.n] in ('o', 'b', 't')))
from function p join pg_type r on r.oid = p.prorettype
union all
select concat_ws(E'\t', coalesce(m.extname, ''), 'o', o.oprname, r.typname, coalesce(lt.typname, 'none') || ' ' || rt.typname)
from pg_operator o join pg_type r on r.oid = o.oprresult left join pg_type lt on lt.oid = o.oprleft join pg_type rt on rt.oid = o.oprright
  left join member m on m.classid = 'pg_operator'::regclass and m.objid = o.oid
union all
select concat_ws(E'\t', coalesce(m.extname, ''), 'c', s.typname, t.typname, c.castcontext)
from pg_cast c join pg_type s on s.oid = c.castsource join pg_type t on t.oid = c.casttarget
  left join member m on m.classid = 'pg_cast'::regclass and m.objid = c.oid
where c.castcontext in ('i', 'a')
union all
select concat_ws(E'\t', coalesce(m.extname, ''), 't', t.typname, t.typcategory, case when t.typispreferred then 'p' end)
from pg_type t left join member m on m.classid = 'pg_type'::regclass and m.objid = t.oid
where (m.extname is not null or t.typnamespace = 'pg_catalog'::regnamespace) and t.typtype in ('b', 'p', 'r', 'm') and t.typcategory <> 'A' and t.typname !~ '^pg_toast'
union all
select concat_ws(E'\t', coalesce(m.extname, ''), 'p', a.amname, o.opcname, t.typname, case when o.opcdefault then 'd' end)
from pg_opclass o join pg_am a on a.oid = o.opcmethod join pg_type t on t.oid = o.opcintype
  left join member m on m.classid = 'pg_opclass'::regclass and m.objid = o.oid
where m.extname is not null or o.opcnamespace = 'pg_catalog'::regnamespace
union all
-- Those of the operating system are another machine's, and ICU's are as new as its library.
select concat_ws(E'\t', '', 'l', c.collname)
from pg_collation c where c.collnamespace = 'pg_catalog'::regnamespace and (c.collprovider in ('d', 'b', 'i') or c.collname in ('C', 'POSIX', 'ucs_basic'))
union all
select concat_ws(E'\t', '', 'r', n.nspname, c.relname, string_agg(concat_ws(' ', a.attname,
    case when tn.nspname = 'pg_catalog' then '' else tn.nspname || '.' end || t.typname || case when a.attnotnull then '!' else '' end), ',' order by a.attnum))
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
  join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
where n.nspname in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v')
group by n.nspname, c.relname;
select line from lines order by line collate "C";
