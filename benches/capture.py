#!/usr/bin/env python3
"""Captures a schema from a running server, beside `pg_dump --schema-only` of the same, and from DDL text of the same schema.

  benches/capture.py [TABLES]...    by default 1000 and 5000; prints the table and puts it into docs/performance.md

A server of its own is started from the newest PostgreSQL in /usr/lib/postgresql. Both programs read it warm, in turns; each number is
the median of five runs, wall time. PGX_GOOSE names our binary; by default it is the release build.
"""
import glob, os, random, shutil, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OURS = os.environ.get("PGX_GOOSE", f"{ROOT}/target/release/pgx-goose")
BIN = max(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda it: int(it.split("/")[-2]))
RUNS = 5


def ddl(tables):
    """The shape of benches/stages/schema.rs: ten columns, a primary and a unique key, a check, two indexes, foreign keys, comments."""
    for n in range(tables):
        parent = f" REFERENCES item_{n - 1}" if n else ""
        other = f" REFERENCES item_{n // 2}" if n > 1 else ""
        yield f"""CREATE TABLE item_{n} (
  id bigint PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL, amount integer NOT NULL DEFAULT 0 CHECK (amount >= 0),
  active boolean NOT NULL DEFAULT true, note text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz,
  parent_id bigint{parent}, other_id bigint{other}
);
CREATE INDEX item_{n}_name ON item_{n} (name);
CREATE INDEX item_{n}_parent ON item_{n} (parent_id);
COMMENT ON TABLE item_{n} IS 'The items of kind {n}.';
"""


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr[-2000:]}")
    return done


def timed(*command):
    start = time.monotonic()
    run(*command)
    return (time.monotonic() - start) * 1000


def main():
    sizes = [int(it) for it in sys.argv[1:]] or [1000, 5000]
    # Whose server it is may not be root.
    as_server = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.getuid() == 0 else []
    folder = tempfile.mkdtemp()
    if as_server:
        shutil.chown(folder, "nobody")
    port = str(random.randint(20000, 40000))
    run(*as_server, f"{BIN}/initdb", "-D", f"{folder}/pg", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", cwd="/")
    options = f"-p {port} -k {folder} -c listen_addresses= -c fsync=off -c max_locks_per_transaction=8192"
    # Not `run`: the server keeps the pipes of its starter.
    subprocess.run([*as_server, f"{BIN}/pg_ctl", "-D", f"{folder}/pg", "-o", options, "-w", "-l", f"{folder}/log", "start"], cwd="/", check=True, stdout=subprocess.DEVNULL)
    try:
        rows = [measure(tables, folder, port) for tables in sizes]
        version = run(f"{BIN}/postgres", "--version").stdout.strip()
    finally:
        run(*as_server, f"{BIN}/pg_ctl", "-D", f"{folder}/pg", "-m", "immediate", "stop", cwd="/")
        shutil.rmtree(folder, ignore_errors=True)
    table = document(rows, version)
    print(table)
    if sizes == [1000, 5000]:
        path = f"{ROOT}/docs/performance.md"
        with open(path) as file:
            text = file.read()
        begin, end = "<!-- capture: begin -->\n", "<!-- capture: end -->"
        head, rest = text.split(begin)
        with open(path, "w") as file:
            file.write(head + begin + table + "\n" + end + rest.split(end)[1])


def measure(tables, folder, port):
    print(f"{tables} tables", file=sys.stderr)
    database, script = f"t{tables}", f"{folder}/{tables}.sql"
    with open(script, "w") as file:
        file.writelines(ddl(tables))
    psql = [f"{BIN}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", port, "-U", "postgres"]
    run(*psql, "-d", "postgres", "-c", f"CREATE DATABASE {database}")
    run(*psql, "-d", database, "-1", "-f", script)
    run(*psql, "-d", database, "-c", "VACUUM ANALYZE")
    dump = [f"{BIN}/pg_dump", "--schema-only", "-h", folder, "-p", port, "-U", "postgres", "-d", database, "-f", f"{folder}/dump.sql"]
    target = f"{folder}/live.pgsnap"
    capture = [OURS, "snapshot", "create", f"host={folder} port={port} user=postgres dbname={database}", "-o", target, "--quiet"]
    parsed = f"{folder}/parsed.pgsnap"
    parse = [OURS, "snapshot", "create", script, "-o", parsed, "--quiet"]
    times = {"dump": [], "capture": [], "parse": []}
    for _ in range(RUNS + 1):
        for path in (target, parsed):
            if os.path.exists(path):
                os.remove(path)
        times["dump"].append(timed(*dump))
        times["capture"].append(timed(*capture))
        times["parse"].append(timed(*parse))
    with open(target, "rb") as live, open(parsed, "rb") as own:
        same = live.read() == own.read()
    # The first run of each warms the server.
    return tables, os.path.getsize(script), same, {name: statistics.median(all[1:]) for name, all in times.items()}


def document(rows, version):
    with open("/proc/cpuinfo") as file:
        cpu = next(line.split(": ")[1].strip() for line in file if line.startswith("model name"))
    commit = run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").stdout.strip()
    lines = [
        f"{time.strftime('%Y-%m-%d')} on {os.cpu_count()} cores of {cpu}; {version}; commit {commit}; `benches/capture.py`.",
        "",
        "| tables | " + " | ".join(f"{it[0]}" for it in rows) + " |",
        "| --- |" + " ---: |" * len(rows),
        "| `pg_dump --schema-only` | " + " | ".join(f"{it[3]['dump']:.0f} ms" for it in rows) + " |",
        "| `snapshot create` from the same database | " + " | ".join(f"{it[3]['capture']:.0f} ms" for it in rows) + " |",
        "| of pg_dump's time | " + " | ".join(f"{it[3]['capture'] / it[3]['dump'] * 100:.0f} %" for it in rows) + " |",
        "| `snapshot create` from its DDL | " + " | ".join(f"{it[3]['parse']:.0f} ms for {it[1] / 1e6:.1f} MB" for it in rows) + " |",
        "| both snapshots are the same bytes | " + " | ".join("yes" if it[2] else "no" for it in rows) + " |",
    ]
    return "\n".join(lines)


main()
