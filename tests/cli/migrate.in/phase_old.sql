CREATE TABLE users (id bigint PRIMARY KEY, name text NOT NULL, nick text NOT NULL);
CREATE VIEW names AS SELECT name FROM users;
