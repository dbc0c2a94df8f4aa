//! Throw-away servers of the product: they start, they serve, and they leave nothing behind, however they end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use pgx_goose::capture::live::{capture, connection};
use pgx_goose::capture::shadow::{self, ShadowError};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("shadow::starts_and_goes", starts_and_goes),
        Trial::test("shadow::ends_with_its_input", ends_with_its_input),
        Trial::test("shadow::of_a_major_that_is_not_here", not_here),
    ]
}

fn starts_and_goes() -> Result<(), Failed> {
    let cluster = shadow::start(None).map_err(|e| e.to_string())?;
    let dsn = cluster.database("it's").map_err(|e| e.to_string())?;
    cluster.run("it's", "CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;").map_err(|e| e.to_string())?;
    let refused = cluster.run("it's", "CREATE TABLE u (id int); SELECT nothing").expect_err("there is no such column");
    assert!(refused.to_string().contains("nothing"), "{refused}");
    let captured = capture(&connection::connect(&dsn).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let found: Vec<String> = captured.catalog.iter().map(|(identity, _)| identity.to_string()).collect();
    assert_eq!(found, ["schema public", "table public.t", "constraint t_pkey on public.t", "view public.v"]);
    let folder = dsn.split('\'').nth(1).ok_or("the connection string names the folder")?.to_owned();
    assert!(Path::new(&folder).exists(), "{folder}");
    drop(cluster);
    assert!(!Path::new(&folder).exists(), "{folder} is still there");
    Ok(())
}

/// Whoever holds the other side of its input may be killed, and has no time to clear up: the server and its folder go all the same.
fn ends_with_its_input() -> Result<(), Failed> {
    let mut holder = Command::new("sleep").arg("1000").stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let input = holder.stdout.take().ok_or("its output is piped")?;
    let bin = shadow::start(None).map_err(|e| e.to_string())?.bin().to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/capture/shadow.sh");
    let mut command = Command::new("setpriv");
    if Command::new("id").arg("-u").output().is_ok_and(|it| it.stdout == b"0\n") {
        command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]);
    }
    // The folder of the sources may be one that nobody else may look into.
    let text = std::fs::read_to_string(script).map_err(|e| e.to_string())?;
    let mut keeper =
        command.args(["sh", "-c", &text, "sh"]).arg(bin).stdin(input).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let mut folder = String::new();
    BufReader::new(keeper.stdout.take().ok_or("its output is piped")?).read_line(&mut folder).map_err(|e| e.to_string())?;
    let folder = Path::new(folder.trim_end());
    assert!(folder.join("data/postmaster.pid").exists(), "{}", folder.display());
    holder.kill().map_err(|e| e.to_string())?;
    let _ = holder.wait();
    let patience = Instant::now() + Duration::from_secs(120);
    while folder.exists() && Instant::now() < patience {
        thread::sleep(Duration::from_millis(50));
    }
    assert!(!folder.exists(), "{} is still there", folder.display());
    let _ = keeper.wait();
    Ok(())
}

fn not_here() -> Result<(), Failed> {
    let error = shadow::start(Some(7)).expect_err("PostgreSQL 7 has no Unix sockets of ours");
    let ShadowError::NotInstalled { wanted: Some(7), .. } = &error else { return Err(error.to_string().into()) };
    assert!(error.to_string().starts_with("no PostgreSQL 7 server is installed here"), "{error}");
    assert!(error.hint().is_some());
    Ok(())
}
