create table t (name text default 'café');
