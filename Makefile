# What one does with this project. `make test` is what CI runs; all targets install what they miss on a Debian machine that
# has Rust and Go, and work offline after the first time.

SOURCE ?= fixtures/shop/schema
CARGO ?= cargo

.PHONY: help run test test-all nightly check bless bench rivals unseen install-deps

help:
	@echo 'make run [SOURCE=path]   DDL -> snapshot -> Go, into target/run'
	@echo 'make test                everything, against a real PostgreSQL and a real Go toolchain (under 25 minutes on 2 cores)'
	@echo 'make test-all            the same with every real schema, and docs/fidelity.md written'
	@echo 'make nightly             10,000 random schemas and edits of them, as migrations on real servers (hours)'
	@echo 'make check               format, clippy, unit tests'
	@echo 'make bless               rewrite the expectations under fixtures/'
	@echo 'make bench               the table of docs/performance.md'
	@echo 'make unseen              schemas of public packages, fetched from their registries, against servers'
	@echo 'make rivals              the same beside other generators, and diffs beside other diff tools (needs package registries, once)'

run:
	@scripts/install-deps.sh build
	@$(CARGO) build --release --quiet
	@scripts/run.sh '$(SOURCE)'

test:
	@scripts/install-deps.sh test
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets -- -D warnings
	scripts/test.sh spread

test-all:
	@scripts/install-deps.sh all
	scripts/test.sh all

nightly:
	@scripts/install-deps.sh all
	PGX_GOOSE_SEEDS=$${PGX_GOOSE_SEEDS:-10000} PGX_GOOSE_PG_MAJORS=$${PGX_GOOSE_PG_MAJORS:-15} $(CARGO) test --quiet --test it -- edits

check:
	@scripts/install-deps.sh build
	$(CARGO) fmt --check
	$(CARGO) clippy --quiet --all-targets -- -D warnings
	$(CARGO) test --quiet --lib --bins

bless:
	@scripts/install-deps.sh build
	PGX_GOOSE_BLESS=1 $(CARGO) test --quiet --test it -- fixtures::expected
	git --no-pager diff --stat -- fixtures

bench:
	@scripts/install-deps.sh build
	$(CARGO) bench --quiet --bench stages

rivals:
	@scripts/install-deps.sh test
	benches/rivals/run.sh
	benches/rivals/diff.py

unseen:
	@scripts/install-deps.sh test
	scripts/unseen.sh
	$(CARGO) test --test it -- unseen::

install-deps:
	@scripts/install-deps.sh all
