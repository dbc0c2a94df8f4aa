CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (id bigint PRIMARY KEY, email text, mood mood, born date);
CREATE VIEW mails AS SELECT id, email AS mail FROM users;
CREATE FUNCTION born(users) RETURNS date LANGUAGE plpgsql AS $$
BEGIN
  RETURN $1.born;
END;
$$;
