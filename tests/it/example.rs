//! The sample service: its generated Go is what its migrations give, real goose applies them, and its own tests pass.

use std::path::Path;

use libtest_mimic::Trial;

use crate::migrations::{self, TOOL_SCHEMA, Tool};
use crate::server::server;
use crate::{golang, tool};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("example::bookshop", || Ok(bookshop()?))]
}

fn bookshop() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bookshop");
    tool::run(&folder, &["--check"])?.ok()?;
    let database = server()?.database("bookshop")?;
    database.run(&format!("CREATE SCHEMA {TOOL_SCHEMA}"))?;
    migrations::apply(Tool::Goose, &folder.join("migrations"), &database, true)?;
    for (program, arguments) in
        [("gofmt", &["-l", "."][..]), ("go", &["vet", "./..."]), ("staticcheck", &["./..."]), ("go", &["test", "-count=1", "-v", "./..."])]
    {
        let output = golang::toolchain(program)?.current_dir(&folder).args(arguments).env(golang::DSN, database.dsn()).output();
        let output = output.map_err(|e| format!("{program}: {e}"))?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let tests = arguments.contains(&"test");
        if !output.status.success() || !tests && !said.is_empty() || tests && !said.contains("--- PASS: TestAgainstADatabase") {
            return Err(format!("{program} {}:\n{said}", arguments.join(" ")));
        }
    }
    migrations::apply(Tool::Goose, &folder.join("migrations"), &database, false)
}
