create table users (id bigint primary key, email text);
create table orders (id bigint, user_id bigint references usres (id));
create index on users (emial);
create table prices (amount numerc(10,2));
