package shop

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"example.com/bookshop/internal/db/repository/pgdb"
	"github.com/google/uuid"
)

const (
	defaultLimit = 20
	maxBody      = 1 << 20
)

// Handler serves a shop.
func Handler(shop *Shop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		maxCents, err := number(query.Get("max_cents"), 0)
		if err != nil {
			respond(w, nil, err)
			return
		}
		limit, err := number(query.Get("limit"), defaultLimit)
		if err != nil {
			respond(w, nil, err)
			return
		}
		search := Search{Text: query.Get("q"), Tag: query.Get("tag"), MaxCents: maxCents, InStock: query.Has("in_stock"), Limit: int(limit)}
		found, err := shop.Books(r.Context(), search)
		respond(w, found, err)
	})
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Email string `json:"email"`
			Items []Item `json:"items"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
			respond(w, nil, badRequest{err})
			return
		}
		placed, err := shop.Place(r.Context(), body.Email, body.Items)
		respond(w, placed, err)
	})
	mux.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		orders, err := shop.Orders(r.Context(), r.URL.Query().Get("email"))
		respond(w, orders, err)
	})
	mux.HandleFunc("POST /orders/{id}/payment", func(w http.ResponseWriter, r *http.Request) {
		id, err := uuid.Parse(r.PathValue("id"))
		if err != nil {
			respond(w, nil, badRequest{err})
			return
		}
		version, err := number(r.URL.Query().Get("version"), 1)
		if err != nil {
			respond(w, nil, err)
			return
		}
		paid, err := shop.Pay(r.Context(), id, int32(version))
		respond(w, paid, err)
	})
	mux.HandleFunc("GET /bestsellers", func(w http.ResponseWriter, r *http.Request) {
		sold, err := shop.Bestsellers(r.Context(), defaultLimit)
		respond(w, sold, err)
	})
	return mux
}

// badRequest is the caller's mistake.
type badRequest struct{ error }

func number(text string, missing int64) (int64, error) {
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, badRequest{err}
	}
	return n, nil
}

// status is what an error means to a client.
func status(err error) int {
	var bad badRequest
	switch {
	case err == nil:
		return http.StatusOK
	case errors.As(err, &bad), errors.Is(err, pgdb.ErrCheck):
		return http.StatusBadRequest
	case errors.Is(err, pgdb.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrSoldOut), errors.Is(err, pgdb.ErrStale), errors.Is(err, pgdb.ErrConflict):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}

func respond(w http.ResponseWriter, body any, err error) {
	code := status(err)
	if err != nil {
		message := err.Error()
		if code == http.StatusInternalServerError {
			slog.Error("request", "error", err)
			message = http.StatusText(code)
		}
		body = map[string]string{"error": message}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		slog.Warn("response", "error", err)
	}
}
