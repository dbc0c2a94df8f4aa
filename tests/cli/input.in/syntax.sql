create schema shop;

create table shop.users (
    id bigint primary key,
    name text not nul
);
