//! Questions and answers: every kind's query is sent in one script, and its rows come back typed.
//!
//! A row comes as one JSON object, so a column that a server does not have is simply absent and the field has its
//! default. Which servers have it stands at the end of the query's line: `-- since 14`, `-- before 18`.

use std::collections::HashMap;

use serde::de::DeserializeOwned;

use super::CaptureError;

/// A row of a query's result.
pub(super) trait Row: DeserializeOwned {
    /// What is asked. The result's columns are the fields.
    const QUERY: &'static str;
}

/// The condition that a query names as `$own`: a schema `n` that is not PostgreSQL's own.
const OWN: &str = r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// A query as that server understands it.
pub(super) fn for_major(query: &str, major: u32) -> String {
    let holds = |marker: &str| match marker.trim().split_once(' ') {
        Some(("since", it)) => it.parse().is_ok_and(|it: u32| major >= it),
        Some(("before", it)) => it.parse().is_ok_and(|it: u32| major < it),
        _ => true,
    };
    let wanted = |line: &&str| line.split("-- ").skip(1).all(holds);
    let lines: Vec<&str> = query.lines().filter(wanted).map(|line| line.split("-- ").next().unwrap_or_default()).collect();
    format!("SELECT row_to_json(q) FROM ({}) q", lines.join("\n").replace("$own", OWN))
}

/// The answers to all queries, by the query.
pub(super) struct Answers(HashMap<&'static str, Vec<String>>);

impl Answers {
    /// Joins queries with the results of the script that they made.
    pub(super) fn new(queries: &[&'static str], results: Vec<Vec<String>>) -> Self {
        Self(queries.iter().copied().zip(results).collect())
    }

    /// The rows of a query.
    pub(super) fn rows<R: Row>(&self) -> Result<Vec<R>, CaptureError> {
        let rows = self.0.get(R::QUERY).map(Vec::as_slice).unwrap_or_default();
        rows.iter().map(|it| serde_json::from_str(it).map_err(|error| CaptureError::Answer(error.to_string()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::for_major;

    #[test]
    fn lines_are_for_some_servers_only() {
        let query = "SELECT a\n, b -- since 14\n, c -- before 14\nFROM t";
        assert_eq!(for_major(query, 13), "SELECT row_to_json(q) FROM (SELECT a\n, c \nFROM t) q");
        assert_eq!(for_major(query, 14), "SELECT row_to_json(q) FROM (SELECT a\n, b \nFROM t) q");
    }
}
