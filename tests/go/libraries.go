// Package proof pins the libraries that generated Go may use, so that one download serves every run of the tests.
package proof

import (
	_ "github.com/google/uuid"
	_ "github.com/jackc/pgx-shopspring-decimal"
	_ "github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/pgvector/pgvector-go"
	_ "github.com/shopspring/decimal"
	_ "github.com/stretchr/testify/mock"
	_ "github.com/stretchr/testify/require"
	_ "github.com/vgarvardt/pgx-google-uuid/v5"
	_ "go.uber.org/mock/gomock"
)
