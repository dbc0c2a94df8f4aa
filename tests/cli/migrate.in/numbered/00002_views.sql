-- +goose Up
CREATE VIEW mails AS SELECT id, mail FROM users;
CREATE TABLE old_things (id int);
-- +goose Down
DROP TABLE old_things;
DROP VIEW mails;
