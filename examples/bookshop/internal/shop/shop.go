// Package shop is the bookshop: what its HTTP handlers do, in terms of the generated repositories.
package shop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"example.com/bookshop/internal/db/models"
	"example.com/bookshop/internal/db/repository/interfaces"
	"example.com/bookshop/internal/db/repository/pgdb"
	"example.com/bookshop/internal/db/repository/postgres"
	"github.com/google/uuid"
)

// ErrSoldOut says that fewer copies of a book are left than were ordered.
var ErrSoldOut = errors.New("sold out")

// Transact runs work in a transaction, and again where the server asks for that.
type Transact func(ctx context.Context, work func(postgres.Repositories) error) error

// Shop does what customers and clerks ask for.
type Shop struct {
	books    interfaces.BookRepository
	orders   interfaces.OrderRepository
	lines    interfaces.OrderLineRepository
	sales    interfaces.SaleRepository
	transact Transact
}

// New returns a shop on repositories; what must happen as a whole goes through transact.
func New(repositories postgres.Repositories, transact Transact) *Shop {
	return &Shop{
		books:    repositories.Books,
		orders:   repositories.Orders,
		lines:    repositories.OrderLines,
		sales:    repositories.Sales,
		transact: transact,
	}
}

// Search says which books to look for. Zero values ask for nothing.
type Search struct {
	Text     string
	Tag      string
	MaxCents int64
	InStock  bool
	Limit    int
}

// Books returns the books that a search finds, by title. Withdrawn ones, which are deleted softly, are not among them.
func (s *Shop) Books(ctx context.Context, search Search) ([]models.Book, error) {
	book := &interfaces.Books
	return s.books.Find(
		ctx,
		pgdb.When(search.Text != "", book.Title.HasText(search.Text)),
		pgdb.When(search.Tag != "", book.Tags.Has(search.Tag)),
		pgdb.When(search.MaxCents > 0, book.PriceCents.Le(search.MaxCents)),
		pgdb.When(search.InStock, book.Stock.Gt(0)),
		pgdb.OrderBy(book.Title.Asc(), book.ID.Asc()),
		pgdb.Limit(search.Limit),
	)
}

// Item is a book and how many copies of it are ordered.
type Item struct {
	BookID   int64 `json:"book_id"`
	Quantity int32 `json:"quantity"`
}

// Order is an order with its lines.
type Order struct {
	models.Order
	Lines []models.OrderLine `json:"lines"`
}

// Place takes an order and the copies that it needs from the stock, or does neither.
func (s *Shop) Place(ctx context.Context, email string, items []Item) (Order, error) {
	// All orders lock books in the same order, so that none of them waits for one that waits for it.
	items = slices.SortedFunc(slices.Values(items), func(a, b Item) int { return int(a.BookID - b.BookID) })
	var placed Order
	err := s.transact(ctx, func(tx postgres.Repositories) error {
		order, err := tx.Orders.Create(ctx, models.OrderCreate{Email: email})
		if err != nil {
			return err
		}
		lines := make([]models.OrderLineCreate, len(items))
		for i, item := range items {
			book, err := tx.Books.GetForUpdate(ctx, item.BookID)
			if err != nil {
				return fmt.Errorf("book %d: %w", item.BookID, err)
			}
			if book.Stock < item.Quantity {
				return fmt.Errorf("%s: %w", book.Title, ErrSoldOut)
			}
			if _, err := tx.Books.Patch(ctx, book.ID, models.BookPatch{Stock: models.Some(book.Stock - item.Quantity)}); err != nil {
				return err
			}
			lines[i] = models.OrderLineCreate{OrderID: order.ID, BookID: book.ID, Quantity: item.Quantity, PriceCents: book.PriceCents}
		}
		created, err := tx.OrderLines.CreateMany(ctx, lines)
		placed = Order{Order: order, Lines: created}
		return err
	})
	return placed, err
}

// Pay marks an order as paid. It fails with pgdb.ErrStale where the order was changed since the version that was seen.
func (s *Shop) Pay(ctx context.Context, id uuid.UUID, version int32) (models.Order, error) {
	return s.orders.Patch(ctx, id, models.OrderPatch{
		Status:  models.Some(models.OrderStatusPaid),
		Version: models.Some(version),
	})
}

// Orders returns the orders of a customer, the latest first, each with its lines: two queries, however many orders there are.
func (s *Shop) Orders(ctx context.Context, email string) ([]Order, error) {
	order := &interfaces.Orders
	rows, err := s.orders.Find(ctx, order.Email.Eq(email), order.PlacedAt.Desc())
	if err != nil {
		return nil, err
	}
	lines, err := s.orders.LoadOrderLinesByOrderID(ctx, rows)
	if err != nil {
		return nil, err
	}
	orders := make([]Order, len(rows))
	for i, row := range rows {
		orders[i] = Order{Order: row, Lines: lines[row.ID]}
	}
	return orders, nil
}

// Bestsellers returns what sold most, from the view.
func (s *Shop) Bestsellers(ctx context.Context, limit int) ([]models.Sale, error) {
	sale := &interfaces.Sales
	return s.sales.Find(ctx, sale.Copies.Desc(), sale.BookID.Asc(), pgdb.Limit(limit))
}
