-- +goose Up
CREATE TABLE authors (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> '')
);

CREATE TABLE books (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    author_id    bigint NOT NULL REFERENCES authors,
    isbn         text NOT NULL UNIQUE,
    title        text NOT NULL,
    price_cents  bigint NOT NULL CHECK (price_cents > 0),
    stock        integer NOT NULL DEFAULT 0 CONSTRAINT books_stock_check CHECK (stock >= 0),
    tags         text[] NOT NULL DEFAULT '{}',
    published_on date,
    deleted_at   timestamptz
);

CREATE INDEX books_author_id_idx ON books (author_id);

-- +goose Down
DROP TABLE books;
DROP TABLE authors;
