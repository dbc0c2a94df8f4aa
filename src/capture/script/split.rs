//! From text to statements: boundaries, then one parse a statement, in parallel, in order.
//!
//! PostgreSQL's own grammar (libpg_query) decides what a statement is. It is asked for one statement at a time: that is
//! faster than a whole file, it runs on all cores, and a syntax error costs only the statement it is in. Where a statement
//! ends is found first, by [`boundaries`], as psql finds it.
//!
//! Trees are wide, and a schema of 10,000 tables would hold hundreds of megabytes of them: [`for_each_batch`] lets the
//! caller replay one batch while the next is parsed, and drops each as it goes.
//!
//! Nothing here knows what a statement does.

mod boundaries;
mod place;
mod syntax;

use pg_query::{NodeEnum, protobuf};
use rayon::prelude::*;

use super::{Input, Place};
use crate::diagnostic::Diagnostic;
use boundaries::{Boundaries, Finding, Piece};

pub(crate) use place::Places;

/// A statement with its place.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The statement. Locations inside it count bytes from the start of `at`.
    pub(crate) node: NodeEnum,
    /// From its first byte that is neither space nor comment, without the semicolon.
    pub(crate) at: Place,
}

/// Statements of a batch: enough for all cores, few enough to keep memory low (the trees of a thousand take 30 MB).
const BATCH_STATEMENTS: usize = 256;

/// Text of a batch, in bytes.
const BATCH_BYTES: usize = 512 * 1024;

/// Syntax errors that are looked into; further ones are reported as the grammar words them.
const EXPLAINED: usize = 20;

/// The stack of a thread that handles trees.
///
/// libpg_query refuses what is nested deeper than some 5,000 levels; decoding, walking and dropping such a tree recurses as
/// deep in Rust. The memory is reserved, not used, until a tree needs it.
const STACK: usize = 256 << 20;

/// A statement that could not be parsed.
struct Refused {
    file: usize,
    piece: Piece,
    message: String,
}

/// Runs work on threads whose stacks hold the deepest tree that the parser makes. Whoever walks, parses or drops trees
/// must be inside.
pub(crate) fn on_deep_stack<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).stack_size(STACK).build();
    match pool {
        Ok(pool) => pool.install(work),
        // A machine that gives us no threads still gets its answer, for all but extreme nesting.
        Err(_) => work(),
    }
}

/// Parses all inputs and hands the statements over in order, batch by batch; returns what was found, in order of place.
///
/// The next batch is parsed while `apply` handles the last one, and so is what `apply` gives back dropped, which takes as long as
/// making it did. Call it [`on_deep_stack`].
pub(crate) fn for_each_batch(inputs: &[Input], mut apply: impl FnMut(Vec<Statement>) -> Vec<Statement> + Send) -> Vec<Diagnostic> {
    let boundaries: Vec<Boundaries> = inputs.par_iter().map(|input| boundaries::find(&input.text)).collect();
    let pieces: Vec<(usize, Piece)> =
        boundaries.iter().enumerate().flat_map(|(file, it)| it.pieces.iter().map(move |piece| (file, *piece))).collect();

    let mut refused = Vec::new();
    let mut rest = pieces.as_slice();
    let mut ready = Vec::new();
    let mut done = Vec::new();
    while !rest.is_empty() || !ready.is_empty() {
        let (batch, after) = rest.split_at(batch_length(rest));
        let used = std::mem::take(&mut done);
        let (applied, parsed) = rayon::join(
            || apply(std::mem::take(&mut ready)),
            || {
                drop(used);
                parse_batch(inputs, batch)
            },
        );
        done = applied;
        for result in parsed {
            match result {
                Ok(statements) => ready.extend(statements),
                Err(error) => refused.push(error),
            }
        }
        rest = after;
    }
    report(inputs, &boundaries, refused)
}

/// Parses all inputs; everything at once, for callers with little text.
#[cfg(test)]
pub(crate) fn parse_all(inputs: &[Input]) -> (Vec<Statement>, Vec<Diagnostic>) {
    let mut all = Vec::new();
    let diagnostics = on_deep_stack(|| {
        for_each_batch(inputs, |batch| {
            all.extend(batch);
            Vec::new()
        })
    });
    (all, diagnostics)
}

fn batch_length(pieces: &[(usize, Piece)]) -> usize {
    let mut bytes = 0;
    pieces
        .iter()
        .take(BATCH_STATEMENTS)
        .take_while(|(_, piece)| {
            let fits = bytes < BATCH_BYTES;
            bytes += piece.length;
            fits
        })
        .count()
}

fn parse_batch(inputs: &[Input], batch: &[(usize, Piece)]) -> Vec<Result<Vec<Statement>, Refused>> {
    batch.par_iter().map(|(file, piece)| parse_piece(&inputs[*file].text, *file, *piece)).collect()
}

fn parse_piece(text: &str, file: usize, piece: Piece) -> Result<Vec<Statement>, Refused> {
    let sql = &text[piece.offset..piece.offset + piece.length];
    let parsed = parse_sql(sql)
        .or_else(|message| syntax::quote_newer_keywords(sql, &message).and_then(|it| parse_sql(&it).ok()).ok_or(message))
        .map_err(|message| Refused { file, piece, message })?;
    let statement = |raw: protobuf::RawStmt| {
        let node = raw.stmt?.node?;
        let start = usize::try_from(raw.stmt_location).unwrap_or(0).min(piece.length);
        let length = match usize::try_from(raw.stmt_len) {
            // Zero is "to the end".
            Ok(0) | Err(_) => piece.length - start,
            Ok(length) => length.min(piece.length - start),
        };
        Some(Statement { node, at: Place { file, offset: piece.offset + start, length } })
    };
    Ok(parsed.stmts.into_iter().filter_map(statement).collect())
}

/// Parses one statement, or says in the grammar's words why it can't.
pub(crate) fn parse_sql(sql: &str) -> Result<protobuf::ParseResult, String> {
    match pg_query::parse(sql, 0) {
        Ok(result) => Ok(result.protobuf),
        Err(pg_query::Error::Parse(message)) => Err(plain(message)),
        Err(pg_query::Error::Conversion(_)) => Err("a NUL character in the text".to_owned()),
        Err(error) => Err(plain(error.to_string())),
    }
}

/// The several ways in which the grammar says that its stack is full, as one.
fn plain(message: String) -> String {
    let full = ["stack depth limit exceeded", "memory exhausted", "nested too deeply", "recursion limit"];
    if full.iter().any(|it| message.contains(it)) { syntax::TOO_DEEP.to_owned() } else { message }
}

/// Everything that was found, by place.
fn report(inputs: &[Input], boundaries: &[Boundaries], refused: Vec<Refused>) -> Vec<Diagnostic> {
    let places = Places::new(inputs);
    let mut found: Vec<(usize, usize, Diagnostic)> = Vec::new();
    for (file, boundaries) in boundaries.iter().enumerate() {
        for Finding { offset, length, severity, message, hint } in &boundaries.findings {
            let mut diagnostic =
                Diagnostic::new(*severity, message.clone()).at(places.span(Place { file, offset: *offset, length: *length }));
            diagnostic.hint.clone_from(hint);
            found.push((file, *offset, diagnostic));
        }
    }
    for (n, Refused { file, piece, message }) in refused.into_iter().enumerate() {
        let sql = &inputs[file].text[piece.offset..piece.offset + piece.length];
        let error = if n < EXPLAINED { syntax::explain(sql, &message) } else { syntax::locate(sql, &message) };
        let offset = piece.offset + error.offset;
        let mut diagnostic = Diagnostic::error(error.message).at(places.span(Place { file, offset, length: error.length }));
        diagnostic.hint = error.hint;
        found.push((file, offset, diagnostic));
    }
    found.sort_by_key(|(file, offset, _)| (*file, *offset));
    found.into_iter().map(|(_, _, diagnostic)| diagnostic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    fn input(text: &str) -> Input {
        Input::new("a.sql", text)
    }

    #[track_caller]
    fn check(text: &str, expected_statements: &[&str], expected_findings: &[&str]) {
        let (statements, findings) = parse_all(&[input(text)]);
        let statements: Vec<&str> = statements.iter().map(|it| &text[it.at.offset..it.at.offset + it.at.length]).collect();
        let findings: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(statements, expected_statements);
        assert_eq!(findings, expected_findings);
    }

    #[test]
    fn one_error_does_not_hide_others() {
        check(
            "select 1; selec 2;\nselect 3; select 4 fro;\nselect 'x",
            &["select 1", "select 3", "select 4 fro"],
            &["a.sql:1:11: error: syntax error at `selec`: expected an SQL statement", "a.sql:3:8: error: unterminated quoted string"],
        );
        check("a\0b", &[], &["a.sql:1:1: error: a NUL character in the text"]);
        check("", &[], &[]);
    }

    /// What servers before 16 and 17 dump: words in the place of names that have become keywords.
    #[test]
    fn names_that_became_keywords() {
        let function = "CREATE FUNCTION f(json json, b int) RETURNS json LANGUAGE sql AS 'x'";
        check(function, &[function], &[]);
        let table = "CREATE TABLE json_value (json_array int, b json); CREATE TABLE t (a merge_action)";
        check(table, &["CREATE TABLE json_value (json_array int, b json)", "CREATE TABLE t (a merge_action)"], &[]);
        check("select json json json", &[], &["a.sql:1:18: error: syntax error at `json`: expected `,`, `;` or one of 14 others"]);
    }

    /// The depth at which libpg_query itself gives up is the only limit, and it is an error like any other.
    #[test]
    fn depth() {
        let chain = |count: usize| format!("select {}1", "1+".repeat(count));
        let nested = |count: usize| format!("select {}1{}", "(".repeat(count), ")".repeat(count));
        let cases = |count: usize| format!("select {}1{}", "case when a then ".repeat(count), " end".repeat(count));
        let subqueries = |count: usize| format!("select {}1{}", "(select ".repeat(count), ")".repeat(count));
        let arrays = |count: usize| format!("select {}{}", "array[".repeat(count), "]".repeat(count));
        for make in [&chain as &dyn Fn(usize) -> String, &nested, &cases, &subqueries, &arrays] {
            for (count, accepted) in [(50, Some(true)), (400, Some(true)), (2_000, None), (20_000, None), (100_000, Some(false))] {
                let (statements, findings) = parse_all(&[input(&make(count))]);
                assert_eq!(statements.len() + findings.len(), 1);
                if let Some(accepted) = accepted {
                    assert_eq!(statements.len(), usize::from(accepted), "{count}: {findings:?}");
                }
                assert!(findings.iter().all(|it| it.severity == Severity::Error && it.message == syntax::TOO_DEEP), "{findings:?}");
            }
        }
    }

    #[test]
    fn order_is_that_of_the_text() {
        let text: String = (0..5000).map(|n| format!("select {n};\n")).collect();
        let (statements, _) = parse_all(&[input(&text), input("select 'last'")]);
        assert_eq!(statements.len(), 5001);
        assert!(statements.windows(2).all(|pair| (pair[0].at.file, pair[0].at.offset) < (pair[1].at.file, pair[1].at.offset)));
    }
}
