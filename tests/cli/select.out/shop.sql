create schema crm;
create schema sales;
create type crm.tier as enum ('bronze', 'gold');
create type crm.unused as enum ('x');
create table crm.customers (id bigint generated always as identity primary key, tier crm.tier);
create table sales.orders (
    id bigint generated always as identity primary key,
    customer bigint constraint orders_customer_fkey references crm.customers,
    tier crm.tier not null
);
create table sales.items (order_id bigint references sales.orders, position int, primary key (order_id, position));
create index items_position on sales.items (position);
create table sales.items_old (like sales.items);
create view sales.open_orders as select id from sales.orders where tier = 'gold';
