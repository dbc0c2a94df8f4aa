create schema shop;
create type shop.status as enum ('open', 'paid');
create table shop.customers (
    id bigint generated always as identity primary key,
    email text not null unique
);
create table shop.orders (
    id bigint primary key,
    customer_id bigint not null references shop.customers,
    gift_for bigint references shop.customers,
    status shop.status not null default 'open',
    "weird ""name""" numeric(10, 2)
);
