-- +goose Up
create table t (id bigint primary key);
-- +goose Down
drop table t;
