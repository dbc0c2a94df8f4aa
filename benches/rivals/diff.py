#!/usr/bin/env python3
"""pgx-goose beside other programs that lead one PostgreSQL schema to another, on this machine.

    benches/rivals/diff.py            all of the below
    benches/rivals/diff.py install    builds pgx-goose and installs the others from PyPI, npm and the Go module proxy, into target/rivals/diff
    benches/rivals/diff.py pairs      who gets which pairs of schemas right
    benches/rivals/diff.py time       how long each takes with ten differences
    benches/rivals/diff.py document   puts the tables into docs/comparison.md

A pair is right if a server that has FROM, and ran what a program printed, is what a server makes of TO. Two judges say so: pg_dump's text (entry by
entry; the order of a table's columns aside), and our own comparison of the two databases. What can't be installed is named with the reason.
PGX_GOOSE names a binary to take instead of target/release/pgx-goose; PGX_GOOSE_CORPUS where the real schemas are.
"""
import datetime, itertools, json, os, pathlib, random, re, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ROOT / "target/rivals/diff"
OURS = os.environ.get("PGX_GOOSE", str(ROOT / "target/release/pgx-goose"))
CORPUS = pathlib.Path(os.environ.get("PGX_GOOSE_CORPUS", ROOT / "../shared/corpus"))
LIMIT = 300  # seconds that a program may take

# name, package, version: from PyPI, npm and the Go module proxy.
PYPI = [("migra", "migra", "3.0.1663481299", ["setuptools<81", "psycopg[binary]"]), ("results", "results", "2.0.1789346060", [])]
NPM = [("pg-delta", "@supabase/pg-delta", "1.0.0-alpha.34")]
GO = [
    ("pg-schema-diff", "github.com/stripe/pg-schema-diff/cmd/pg-schema-diff"),
    ("psqldef", "github.com/sqldef/sqldef/v3/cmd/psqldef"),
    ("pgschema", "github.com/pgplex/pgschema"),
    ("atlas (open build)", "ariga.io/atlas/cmd/atlas"),
]


def run(command, seconds=LIMIT, stdin=None, **more):
    """A finished process, or None where it took too long."""
    try:
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=seconds, **more)
    except subprocess.TimeoutExpired:
        return None


def said(result):
    if result is None:
        return f"more than {LIMIT} s"
    lines = [it.strip() for it in (result.stderr + result.stdout).splitlines() if it.strip()]
    errors = [it for it in lines if re.search(r"error|forbidden|unsupported|exception|not available|no such host", it, re.I)]
    return (errors or lines or ["nothing said"])[-1][:200]


def install():
    PLACE.mkdir(parents=True, exist_ok=True)
    if "PGX_GOOSE" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    left_out = {}
    for name, package, version, more in PYPI:
        venv = PLACE / name
        if not (venv / "bin" / name).exists():
            subprocess.run([sys.executable, "-m", "venv", venv], check=True)
            result = run([venv / "bin/pip", "install", "--quiet", f"{package}=={version}", "psycopg2-binary", *more])
            if result is None or result.returncode != 0:
                left_out[name] = f"pip install {package}=={version}: {said(result)}"
    for name, package, version in NPM:
        folder = PLACE / name
        folder.mkdir(exist_ok=True)
        if not (folder / "node_modules").exists():
            result = run(["npm", "install", "--silent", "--prefix", folder, f"{package}@{version}"])
            if result is None or result.returncode != 0:
                left_out[name] = f"npm install {package}@{version}: {said(result)}"
    for name, package in GO:
        result = run(["go", "install", f"{package}@latest"], env={**os.environ, "GOBIN": str(PLACE / "bin"), "GOFLAGS": "-buildvcs=false"})
        if result is None or result.returncode != 0:
            left_out[name] = f"go install {package}@latest: {said(result)}"
        else:
            left_out[name] = "installed, and this script does not run it yet"
    (PLACE / "left_out.json").write_text(json.dumps(left_out, indent=1))
    for name, why in left_out.items():
        print(f"left out: {name}: {why}", file=sys.stderr)


class Server:
    """A server of its own, gone at the end."""

    def __enter__(self):
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda it: int(it.parent.name))[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rivals"))
        self.port = random.randint(20000, 40000)
        self.user = ["setpriv", "--reuid=nobody", "--clear-groups"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.folder, "nobody")
        data = self.folder / "pg"
        subprocess.run([*self.user, self.bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"], check=True, capture_output=True, cwd="/")
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c max_locks_per_transaction=8192 -c wal_level=logical"
        subprocess.run([*self.user, self.bin / "pg_ctl", "-D", data, "-o", options, "-w", "-l", self.folder / "log", "start"], check=True, stdout=subprocess.DEVNULL, cwd="/")
        return self

    def __exit__(self, *_):
        subprocess.run([*self.user, self.bin / "pg_ctl", "-D", self.folder / "pg", "-m", "immediate", "stop"], capture_output=True, cwd="/")
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsn(self, database):
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def psql(self, database, sql, stop=True):
        return run([self.bin / "psql", "-XqAt", "-v", f"ON_ERROR_STOP={int(stop)}", "-d", self.dsn(database), "-f", "-"], stdin=sql)

    def create(self, database, template="template0"):
        self.psql("postgres", f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        result = self.psql("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        if result is None or result.returncode != 0:
            raise RuntimeError(said(result))

    def load(self, database, sql, template="template0"):
        """Makes a database; what the server says where it refuses the text."""
        self.create(database, template)
        result = self.psql(database, sql)
        return None if result is not None and result.returncode == 0 else said(result)

    def dump(self, database):
        result = run([self.bin / "pg_dump", "--schema-only", "--no-owner", "-d", self.dsn(database)])
        return entries(result.stdout)


def entries(dump):
    """A dump as its entries, without what says nothing of the schema."""
    found = {}
    for part in re.split(r"\n--\n(?=-- Name: )", dump)[1:]:
        heading, _, body = part.partition("\n")
        lines = [it.rstrip(",") for it in body.splitlines() if it not in ("", "--") and not it.startswith(("SET default_t", "\\unrestrict", "-- PostgreSQL database dump"))]
        if "*not* creating schema" in body:
            continue
        is_list = re.search(r"; Type: (TABLE|FOREIGN TABLE|ACL|DEFAULT ACL|SEQUENCE); ", heading)
        found.setdefault(heading, []).append("\n".join(sorted(lines) if is_list else lines))
    return {heading: sorted(texts) for heading, texts in found.items()}


def is_of_structure(heading):
    return not re.search(r"; Type: (COMMENT|ACL|DEFAULT ACL); ", heading)


def tools(server, work):
    """Name -> what prints the SQL from database `a` (text FROM) to database `b` (text TO)."""
    def ours(a, b, old, new):
        return run([OURS, "diff", old, new, "--format", "sql", "--quiet", "--all"])

    def ours_live(a, b, old, new):
        return run([OURS, "diff", server.dsn(a), server.dsn(b), "--format", "sql", "--quiet", "--all"])

    def migra(a, b, old, new):
        return run([PLACE / "migra/bin/migra", "--unsafe", "--with-privileges", server.dsn(a), server.dsn(b)])

    def results(a, b, old, new):
        return run([PLACE / "results/bin/results", "dbdiff", "--with-privileges", server.dsn(a), server.dsn(b)])

    def delta(a, b, old, new):
        program = ["node", PLACE / "pg-delta/node_modules/.bin/pgdelta"]
        for old_file in work.glob("delta*"):
            old_file.unlink()
        planned = run([*program, "plan", "--source", server.dsn(a), "--desired", server.dsn(b), "--out", work / "delta.json"])
        if planned is None or planned.returncode not in (0, 2) or not (work / "delta.json").exists():
            return planned
        rendered = run([*program, "render", "--plan", work / "delta.json", "--out", work / "delta.sql", "--allow-drops"])
        files = sorted(work.glob("delta*.sql"))
        if rendered is not None and files:
            rendered.stdout, rendered.returncode = "\n".join(it.read_text() for it in files), 0
        return rendered

    known = {"pgx-goose": ours, "pgx-goose, from databases": ours_live, "pg-delta": delta, "results": results, "migra": migra}
    left_out = json.loads((PLACE / "left_out.json").read_text())
    return {name: tool for name, tool in known.items() if name not in left_out}


def cut_histories():
    """Real folders of migrations, as one text: the first half of their files, and all of them."""
    for folder in sorted((CORPUS / "schemas").iterdir()):
        text = (folder / "schema.sql").read_text()
        parts = re.split(r"(?m)^(?=-- ==== file: )", text)
        if len(parts) >= 5:
            preload = folder / "preload.sql"
            before = preload.read_text() if preload.exists() else ""
            half = 1 + (len(parts) - 1) // 2
            yield f"{folder.name}, from the middle of its migrations", before + "".join(parts[:half]), before + text


def pairs():
    """Name, FROM, TO, and where it is from."""
    for folder in sorted((CORPUS / "history").glob("*/*/")):
        old, new = (folder / "old.sql").read_text(), (folder / "new.sql").read_text()
        name = f"{folder.parent.name} {folder.name}"
        yield name, old, new, "real"
        yield f"{name}, back", new, old, "real"
    # PGX_GOOSE_HISTORIES takes the first so many of them.
    for name, old, new in itertools.islice(cut_histories(), int(os.environ.get("PGX_GOOSE_HISTORIES", "1000"))):
        yield name, old, new, "real"
        yield f"{name}, back", new, old, "real"
    folders = [it for it in sorted((ROOT / "fixtures/migrate").glob("*/*/")) if not (it / "server.txt").exists()]
    for folder in folders[:: int(os.environ.get("PGX_GOOSE_EVERY", "8"))]:
        old, new = (folder / "before.sql").read_text(), (folder / "after.sql").read_text()
        yield "/".join(folder.parts[-2:]), old, new, "ours"


def judge():
    with Server() as server, tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        server.psql("postgres", "".join(f"CREATE ROLE {role};" for role in ("anna", "bert", "app", "reader")), stop=False)
        out = (PLACE / "pairs.jsonl").open("w")
        for name, old, new, origin in pairs():
            (work / "old.sql").write_text(old)
            (work / "new.sql").write_text(new)
            refused = server.load("from", old) or server.load("to", new)
            if refused:
                print(f"passed over: {name}: the server refuses it: {refused}", file=sys.stderr)
                out.write(json.dumps({"pair": name, "origin": origin, "refused": refused}) + "\n")
                continue
            wanted = server.dump("to")
            if wanted == server.dump("from"):
                continue
            for tool, sql_of in tools(server, work).items():
                row = {"pair": name, "origin": origin, "tool": tool}
                result = sql_of("from", "to", work / "old.sql", work / "new.sql")
                # migra says 2 and others 1 where there are differences.
                if result is None or result.returncode not in (0, 1, 2) or not result.stdout.strip():
                    row["failed"] = f"no SQL: {said(result)}"
                else:
                    server.create("tried", "from")
                    applied = server.psql("tried", result.stdout)
                    if applied is None or applied.returncode != 0:
                        row["failed"] = f"the server refuses it: {said(applied)}"
                    else:
                        found = server.dump("tried")
                        differing = [it for it in wanted.keys() | found.keys() if wanted.get(it) != found.get(it)]
                        row["strict"] = not differing
                        row["structure"] = not any(map(is_of_structure, differing))
                        compared = run([OURS, "diff", server.dsn("tried"), server.dsn("to"), "--short", "--all"])
                        row["ours"] = compared is not None and compared.returncode == 0
                        row["differing"] = sorted(differing)[:3]
                out.write(json.dumps(row) + "\n")
                out.flush()
            print(name, file=sys.stderr)


def ddl(tables, changed):
    lines = []
    for n in range(tables):
        lines.append(
            f"CREATE TABLE item_{n} (id bigint PRIMARY KEY, code text NOT NULL UNIQUE, name text NOT NULL, amount integer NOT NULL DEFAULT 0 CHECK (amount >= 0),"
            f" active boolean NOT NULL DEFAULT true, note text, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz,"
            f" parent_id bigint{f' REFERENCES item_{n - 1}' if n else ''}, other_id bigint{f' REFERENCES item_{n // 2}' if n > 1 else ''});\n"
            f"CREATE INDEX item_{n}_name ON item_{n} (name);\nCREATE INDEX item_{n}_parent ON item_{n} (parent_id);\nCOMMENT ON TABLE item_{n} IS 'The items of kind {n}.';"
        )
    for number in range(10 if changed else 0):
        n = number * tables // 10
        lines.append([f"ALTER TABLE item_{n} ADD COLUMN more text;", f"ALTER TABLE item_{n} ALTER COLUMN amount DROP DEFAULT;",
                      f"ALTER TABLE item_{n} ADD CONSTRAINT item_{n}_note CHECK (note <> '');", f"CREATE INDEX item_{n}_updated ON item_{n} (updated_at);",
                      f"ALTER TABLE item_{n} ALTER COLUMN note TYPE varchar(200);"][number % 5])
    return "\n".join(lines) + "\n"


def measure():
    measured = {}
    with Server() as server, tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for tables in (1000, 5000):
            for name, changed in (("old", False), ("new", True)):
                (work / f"{name}.sql").write_text(ddl(tables, changed))
                refused = server.load(name, (work / f"{name}.sql").read_text())
                if refused:
                    raise RuntimeError(refused)
                subprocess.run([OURS, "snapshot", "create", work / f"{name}.sql", "-o", work / f"{name}.pgsnap", "--quiet"], check=True)
                server.psql(name, "VACUUM ANALYZE")
            snapshots = lambda *_: run([OURS, "diff", work / "old.pgsnap", work / "new.pgsnap", "--format", "sql", "--quiet"])
            for tool, sql_of in {"pgx-goose, from snapshots": snapshots, **tools(server, work)}.items():
                times = []
                for _ in range(3):
                    start = time.monotonic()
                    result = sql_of("old", "new", work / "old.sql", work / "new.sql")
                    times.append(time.monotonic() - start)
                    if result is None or times[-1] > 60:
                        break
                ok = result is not None and result.returncode in (0, 1, 2) and result.stdout.strip()
                measured.setdefault(tool, {})[tables] = sorted(times)[len(times) // 2] if ok else f"failed: {said(result)}"
                print(tables, tool, measured[tool][tables], file=sys.stderr)
    (PLACE / "time.json").write_text(json.dumps({"load": os.getloadavg()[0], "times": measured}))


def document():
    rows = [json.loads(it) for it in (PLACE / "pairs.jsonl").read_text().splitlines()]
    timed = json.loads((PLACE / "time.json").read_text()) if (PLACE / "time.json").exists() else None
    left_out = json.loads((PLACE / "left_out.json").read_text())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    cpu = next((it.split(": ")[1] for it in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if it.startswith("model name")), "unknown")
    versions = ", ".join(f"{name} {version}" for name, _, version, *_ in [*PYPI, *NPM] if name not in left_out)
    text = [f"{datetime.date.today()} on {os.cpu_count()} cores of {cpu}; PostgreSQL 15; pgx-goose at commit {commit}, {versions}; `benches/rivals/diff.py`.", ""]
    for origin, title in (("real", "Real schemas: releases of danbooru, and folders of migrations from their middle to their end, both ways"), ("ours", "A sample of our own cases (`fixtures/migrate`), which we wrote until we passed them")):
        tried = [it for it in rows if it["origin"] == origin and "tool" in it]
        if not tried:
            continue
        number = len({it["pair"] for it in tried})
        text += [f"{title}: {number} pairs.", "", "| program | right by pg_dump | structure right by pg_dump | right by our own comparison | refused or no SQL |", "| --- | ---: | ---: | ---: | ---: |"]
        for tool in dict.fromkeys(it["tool"] for it in tried):
            own = [it for it in tried if it["tool"] == tool]
            share = lambda what: f"{sum(bool(it.get(what)) for it in own)} ({100 * sum(bool(it.get(what)) for it in own) // len(own)} %)"
            text.append(f"| {tool} | {share('strict')} | {share('structure')} | {share('ours')} | {sum('failed' in it for it in own)} |")
        text.append("")
    refused = [it for it in rows if "refused" in it]
    if refused:
        text += [f"Passed over, since this server doesn't load them: {', '.join(it['pair'] for it in refused)}.", ""]
    if timed:
        text += ["Time with ten differences (wall time of the whole process, median of three; load of the machine when it ended: " + f"{timed['load']:.1f}):", "", "| program | 1,000 tables | 5,000 tables |", "| --- | ---: | ---: |"]
        cell = lambda it: it if isinstance(it, str) else f"{it:.2f} s" if it is not None else "–"
        text += [f"| {tool} | {cell(times.get('1000'))} | {cell(times.get('5000'))} |" for tool, times in timed["times"].items()]
        text.append("")
    text += [f"Left out: {name} ({why})." for name, why in left_out.items()]
    path = ROOT / "docs/comparison.md"
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    whole = path.read_text()
    head, tail = whole[: whole.index(begin) + len(begin)], whole[whole.index(end) :]
    path.write_text(f"{head}\n" + "\n".join(text) + f"\n{tail}")
    print("\n".join(text))


def main():
    steps = {"install": install, "pairs": judge, "time": measure, "document": document}
    asked = sys.argv[1] if len(sys.argv) > 1 else "all"
    if asked == "all":
        for step in steps.values():
            step()
    elif asked in steps:
        steps[asked]()
    else:
        sys.exit(__doc__)


main()
