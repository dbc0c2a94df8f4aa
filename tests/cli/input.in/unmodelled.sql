create table users (id bigint primary key);
create access method heap2 type table handler heap_tableam_handler;
