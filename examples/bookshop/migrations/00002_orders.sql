-- +goose Up
CREATE TYPE order_status AS ENUM ('placed', 'paid', 'cancelled');

CREATE TABLE orders (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email     text NOT NULL,
    status    order_status NOT NULL DEFAULT 'placed',
    placed_at timestamptz NOT NULL DEFAULT now(),
    version   integer NOT NULL DEFAULT 1
);

CREATE TABLE order_lines (
    order_id    uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
    book_id     bigint NOT NULL REFERENCES books,
    quantity    integer NOT NULL CHECK (quantity > 0),
    price_cents bigint NOT NULL,
    PRIMARY KEY (order_id, book_id)
);

CREATE INDEX order_lines_book_id_idx ON order_lines (book_id);

CREATE VIEW sales AS
SELECT b.id AS book_id, b.title, sum(l.quantity) AS copies, sum(l.quantity * l.price_cents)::bigint AS cents
FROM order_lines l
JOIN orders o ON o.id = l.order_id
JOIN books b ON b.id = l.book_id
WHERE o.status = 'paid'
GROUP BY b.id;

-- +goose Down
DROP VIEW sales;
DROP TABLE order_lines;
DROP TABLE orders;
DROP TYPE order_status;
