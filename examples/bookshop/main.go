// Command bookshop serves a small bookshop over HTTP, on repositories that pgx-goose generated from its migrations.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"example.com/bookshop/internal/db/repository/pgdb"
	"example.com/bookshop/internal/db/repository/postgres"
	"example.com/bookshop/internal/shop"
	"github.com/jackc/pgx/v5/pgxpool"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv("DATABASE_URL"), ":8080"); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, dsn, address string) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	// Enums and their arrays are known to pgx after this.
	config.AfterConnect = postgres.RegisterTypes
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	transact := func(ctx context.Context, work func(postgres.Repositories) error) error {
		return postgres.InTx(ctx, pool, pgdb.TxOptions{}, work)
	}
	server := &http.Server{
		Addr:              address,
		Handler:           shop.Handler(shop.New(postgres.NewRepositories(pool), transact)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() {
		<-ctx.Done()
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(quiet)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
