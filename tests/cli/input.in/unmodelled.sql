create table users (id bigint primary key);
import foreign schema remote from server elsewhere into public;
