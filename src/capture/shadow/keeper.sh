# Starts a throw-away PostgreSQL server in a folder of its own and takes both away again, whatever happens to who asked: it ends when
# its standard input ends, which it does when the program that holds the other side goes, however it goes.
# Arguments: the folder of the server's programs.
set -eu
umask 077
cd /
folder=$(mktemp -d "${TMPDIR:-/tmp}/pgx-goose-shadow.XXXXXX")
finish() {
    [ ! -f "$folder/data/postmaster.pid" ] || "$1/pg_ctl" -D "$folder/data" -s -w -m immediate stop > /dev/null 2>&1 || true
    rm -rf "$folder"
}
trap 'finish "$1"' EXIT
# Who interrupts the program interrupts this too, if both are of one terminal; it ends by its input, in order.
trap '' INT HUP TERM
if ! "$1/initdb" --no-sync --auth=trust --username=postgres --encoding=UTF8 --locale=C --pgdata "$folder/data" > "$folder/log" 2>&1; then
    cat "$folder/log" >&2
    exit 1
fi
cat >> "$folder/data/postgresql.conf" << SETTINGS
listen_addresses = ''
unix_socket_directories = '$folder'
unix_socket_permissions = 0777
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
max_connections = 20
max_locks_per_transaction = 2048
wal_level = logical
port = 5432
SETTINGS
if ! "$1/pg_ctl" -D "$folder/data" -s -w -t 60 -l "$folder/log" start > /dev/null 2>&1 < /dev/null; then
    cat "$folder/log" >&2
    exit 1
fi
echo "$folder"
cat > /dev/null
