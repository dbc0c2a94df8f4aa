-- +goose Up
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (id bigint PRIMARY KEY, mail text, mood mood);
INSERT INTO users VALUES (1, 'a', 'sad');
-- +goose Down
DROP TABLE users;
DROP TYPE mood;
