CREATE TABLE users (id bigint PRIMARY KEY, name varchar(100) NOT NULL, mail text NOT NULL CHECK (mail <> ''), born date);
CREATE TABLE logins (at timestamptz NOT NULL);
CREATE INDEX users_name ON users (name);
CREATE VIEW names AS SELECT name FROM users;
