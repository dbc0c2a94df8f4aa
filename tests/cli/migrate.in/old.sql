CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (id bigint PRIMARY KEY, mail text, mood mood);
CREATE VIEW mails AS SELECT id, mail FROM users;
CREATE TABLE old_things (id int);
