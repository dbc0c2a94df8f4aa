package shop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"example.com/bookshop/internal/db/mocks"
	"example.com/bookshop/internal/db/models"
	"example.com/bookshop/internal/db/repository/pgdb"
	"example.com/bookshop/internal/db/repository/postgres"
	"example.com/bookshop/internal/shop"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/mock"
)

// request asks a handler, checks the status and decodes the answer.
func request[T any](t *testing.T, handler http.Handler, want int, method, target, body string) T {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, target, strings.NewReader(body)))
	if recorder.Code != want {
		t.Fatalf("%s %s: status %d, want %d: %s", method, target, recorder.Code, want, recorder.Body)
	}
	var answer T
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return answer
}

// mocked is a shop without a database: its transactions are calls.
func mocked(t *testing.T) (http.Handler, *mocks.MockBookRepository, *mocks.MockOrderRepository, *mocks.MockOrderLineRepository) {
	books, orders, lines := mocks.NewMockBookRepository(t), mocks.NewMockOrderRepository(t), mocks.NewMockOrderLineRepository(t)
	repositories := postgres.Repositories{Books: books, Orders: orders, OrderLines: lines}
	transact := func(_ context.Context, work func(postgres.Repositories) error) error { return work(repositories) }
	return shop.Handler(shop.New(repositories, transact)), books, orders, lines
}

func TestPlaceTakesFromTheStock(t *testing.T) {
	handler, books, orders, lines := mocked(t)
	order := models.Order{ID: uuid.New(), Email: "ann@example.com", Status: models.OrderStatusPlaced, Version: 1}
	orders.On("Create", mock.Anything, models.OrderCreate{Email: order.Email}).Return(order, nil)
	books.On("GetForUpdate", mock.Anything, int64(7)).Return(models.Book{ID: 7, Title: "Emma", Stock: 3, PriceCents: 900}, nil)
	books.On("Patch", mock.Anything, int64(7), models.BookPatch{Stock: models.Some(int32(1))}).Return(models.Book{}, nil)
	lines.On("CreateMany", mock.Anything, []models.OrderLineCreate{{OrderID: order.ID, BookID: 7, Quantity: 2, PriceCents: 900}}).
		Return([]models.OrderLine{{OrderID: order.ID, BookID: 7, Quantity: 2, PriceCents: 900}}, nil)

	placed := request[shop.Order](t, handler, http.StatusOK, "POST", "/orders", `{"email": "ann@example.com", "items": [{"book_id": 7, "quantity": 2}]}`)
	if placed.ID != order.ID || len(placed.Lines) != 1 {
		t.Fatalf("placed %+v", placed)
	}
}

func TestErrorsHaveTheirStatus(t *testing.T) {
	handler, books, orders, _ := mocked(t)
	orders.On("Create", mock.Anything, mock.Anything).Return(models.Order{}, nil)
	books.On("GetForUpdate", mock.Anything, int64(1)).Return(models.Book{Title: "Emma", Stock: 1}, nil)
	books.On("GetForUpdate", mock.Anything, int64(2)).Return(models.Book{}, pgdb.ErrNotFound)
	orders.On("Patch", mock.Anything, mock.Anything, mock.Anything).Return(models.Order{}, pgdb.ErrStale)
	books.On("Find", mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(nil, fmt.Errorf("the database is away"))

	type answer = map[string]string
	for _, it := range []struct {
		method, target, body string
		status               int
	}{
		{"POST", "/orders", `{"items": [{"book_id": 1, "quantity": 2}]}`, http.StatusConflict},
		{"POST", "/orders", `{"items": [{"book_id": 2, "quantity": 1}]}`, http.StatusNotFound},
		{"POST", "/orders", `{`, http.StatusBadRequest},
		{"POST", "/orders/" + uuid.NewString() + "/payment?version=1", "", http.StatusConflict},
		{"POST", "/orders/7/payment", "", http.StatusBadRequest},
		{"GET", "/books?limit=many", "", http.StatusBadRequest},
		{"GET", "/books", "", http.StatusInternalServerError},
	} {
		said := request[answer](t, handler, it.status, it.method, it.target, it.body)
		if said["error"] == "" || strings.Contains(said["error"], "away") {
			t.Errorf("%s %s says %q", it.method, it.target, said["error"])
		}
	}
}

// TestAgainstADatabase goes through a customer's day. It needs PGX_GOOSE_TEST_DSN, a database with the migrations applied.
func TestAgainstADatabase(t *testing.T) {
	dsn := os.Getenv("PGX_GOOSE_TEST_DSN")
	if dsn == "" {
		t.Skip("needs PGX_GOOSE_TEST_DSN")
	}
	ctx := t.Context()
	config, err := pgxpool.ParseConfig(dsn)
	check(t, err)
	config.AfterConnect = postgres.RegisterTypes
	pool, err := pgxpool.NewWithConfig(ctx, config)
	check(t, err)
	defer pool.Close()
	repositories := postgres.NewRepositories(pool)
	handler := shop.Handler(shop.New(repositories, func(ctx context.Context, work func(postgres.Repositories) error) error {
		return postgres.InTx(ctx, pool, pgdb.TxOptions{}, work)
	}))

	author, err := repositories.Authors.Create(ctx, models.AuthorCreate{Name: "Jane Austen"})
	check(t, err)
	books, err := repositories.Books.CreateMany(ctx, []models.BookCreate{
		{AuthorID: author.ID, Isbn: uuid.NewString(), Title: "Emma", PriceCents: 900, Stock: models.Some(int32(3)), Tags: models.Some([]string{"novel"})},
		{AuthorID: author.ID, Isbn: uuid.NewString(), Title: "Sanditon", PriceCents: 700, Tags: models.Some([]string{"novel", "unfinished"})},
	})
	check(t, err)
	emma := books[0]

	found := request[[]models.Book](t, handler, http.StatusOK, "GET", "/books?q=emm&tag=novel&max_cents=1000&in_stock", "")
	if len(found) == 0 || found[0].Title != "Emma" {
		t.Fatalf("found %+v", found)
	}

	email := uuid.NewString() + "@example.com"
	body := func(quantity int) string {
		return fmt.Sprintf(`{"email": %q, "items": [{"book_id": %d, "quantity": %d}]}`, email, emma.ID, quantity)
	}
	placed := request[shop.Order](t, handler, http.StatusOK, "POST", "/orders", body(2))
	request[map[string]string](t, handler, http.StatusConflict, "POST", "/orders", body(2))
	left, err := repositories.Books.Get(ctx, emma.ID)
	check(t, err)
	if left.Stock != 1 {
		t.Fatalf("%d copies are left", left.Stock)
	}

	payment := fmt.Sprintf("/orders/%s/payment?version=%d", placed.ID, placed.Version)
	paid := request[models.Order](t, handler, http.StatusOK, "POST", payment, "")
	if paid.Status != models.OrderStatusPaid || paid.Version != placed.Version+1 {
		t.Fatalf("paid %+v", paid)
	}
	request[map[string]string](t, handler, http.StatusConflict, "POST", payment, "")

	// The order that was refused left nothing.
	orders := request[[]shop.Order](t, handler, http.StatusOK, "GET", "/orders?email="+email, "")
	if len(orders) != 1 || len(orders[0].Lines) != 1 {
		t.Fatalf("orders %+v", orders)
	}
	sold := request[[]models.Sale](t, handler, http.StatusOK, "GET", "/bestsellers", "")
	if len(sold) == 0 {
		t.Fatal("nothing sold")
	}

	// Withdrawn books are not found, and not lost.
	check(t, repositories.Books.SoftDelete(ctx, emma.ID))
	if n, err := repositories.Books.Count(ctx, pgdb.OnlyDeleted); err != nil || n == 0 {
		t.Fatalf("%d withdrawn, %v", n, err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
