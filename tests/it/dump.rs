//! Two databases compared by what `pg_dump` says of them: the server's own words are the judge of equality.

use std::collections::BTreeMap;

use libtest_mimic::Trial;
use similar::TextDiff;

/// Lines that say how to run a dump or where it comes from, and nothing of the schema. Where they stand depends on the order of entries.
const NOISE: &[&str] = &["SET default_tablespace = '';", "SET default_table_access_method = heap;"];

/// A dump as entries: what each is called, and its text.
pub(crate) struct Dump(BTreeMap<String, Vec<String>>);

impl Dump {
    /// Takes the text apart at the headings that `pg_dump` writes before every entry.
    pub(crate) fn parse(text: &str) -> Self {
        let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let lines: Vec<&str> = text.lines().collect();
        let (mut heading, mut body) = (String::new(), Vec::new());
        for (n, line) in lines.iter().enumerate() {
            let is_heading = line.starts_with("-- Name: ") && n > 0 && lines[n - 1] == "--" && lines.get(n + 1) == Some(&"--");
            if is_heading {
                add(&mut entries, &heading, &body);
                heading = (*line).trim_start_matches("-- Name: ").trim_end_matches("; Owner: -").to_owned();
                body.clear();
            } else {
                body.push(*line);
            }
        }
        add(&mut entries, &heading, &body);
        entries.remove("");
        Self(entries)
    }

    /// How `other` differs, one text a difference; empty for equal schemas.
    pub(crate) fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (heading, texts) in &self.0 {
            match other.0.get(heading) {
                None => differences.push(format!("missing: {heading}\n{}", indent(&texts.join("\n")))),
                Some(others) if others != texts => {
                    let (expected, found) = (texts.join("\n") + "\n", others.join("\n") + "\n");
                    let diff = TextDiff::from_lines(&expected, &found);
                    let diff: String = diff.unified_diff().context_radius(1).to_string();
                    differences.push(format!("different: {heading}\n{}", indent(&diff)));
                }
                Some(_) => {}
            }
        }
        for (heading, texts) in &other.0 {
            if !self.0.contains_key(heading) {
                differences.push(format!("unexpected: {heading}\n{}", indent(&texts.join("\n"))));
            }
        }
        differences
    }
}

/// The comparison itself.
pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("dump::differences", || {
        let entry = |name: &str, text: &str| format!("--\n-- Name: {name}; Type: TABLE; Schema: s; Owner: -\n--\n\n{text}\n\n\n");
        let head = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\nSET default_tablespace = '';\n";
        let one = Dump::parse(&format!("{head}{}{}", entry("a", "CREATE TABLE s.a ();"), entry("b", "CREATE TABLE s.b ();")));
        let other_order = Dump::parse(&format!(
            "{head}{}SET default_tablespace = '';\n{}",
            entry("b", "CREATE TABLE s.b ();"),
            entry("a", "CREATE TABLE s.a ();")
        ));
        assert_eq!(one.differences(&other_order), Vec::<String>::new());
        let changed = Dump::parse(&format!("{head}{}{}", entry("a", "CREATE TABLE s.a (x int);"), entry("c", "CREATE TABLE s.c ();")));
        let kinds: Vec<String> = one.differences(&changed).iter().filter_map(|it| it.split(';').next().map(str::to_owned)).collect();
        assert_eq!(kinds, ["different: a", "missing: b", "unexpected: c"]);
        Ok(())
    })]
}

fn add(entries: &mut BTreeMap<String, Vec<String>>, heading: &str, body: &[&str]) {
    let mut lines: Vec<&str> = body.iter().copied().filter(|line| !NOISE.contains(line) && !is_restriction(line)).collect();
    while lines.last().is_some_and(|line| line.is_empty() || *line == "--" || *line == "-- PostgreSQL database dump complete") {
        lines.pop();
    }
    if heading.contains("; Type: ACL; ") || heading.contains("; Type: DEFAULT ACL; ") {
        // The order of privileges is the order in which they were given, which means nothing.
        lines.sort_unstable();
    }
    if lines.contains(&"-- *not* creating schema, since initdb creates it") {
        // It stands there when the schema's owner isn't the one by default, which a dump without owners can't know.
        return;
    }
    let mut lines: Vec<String> = lines.into_iter().map(sort_parameters).map(sort_statistics).collect();
    if heading.contains("; Type: TABLE; ") || heading.contains("; Type: FOREIGN TABLE; ") {
        sort_columns(&mut lines);
    }
    let texts = entries.entry(heading.to_owned()).or_default();
    texts.push(lines.join("\n").trim_start_matches("--\n").trim().to_owned());
    texts.sort();
}

/// Storage parameters in order of name: a server keeps the order in which they were given, which means nothing.
fn sort_parameters(line: &str) -> String {
    let Some(list) = line.strip_prefix("WITH (") else { return line.to_owned() };
    let Some((list, rest)) = list.rsplit_once(')') else { return line.to_owned() };
    let mut parameters: Vec<&str> = list.split(", ").collect();
    parameters.sort_unstable();
    format!("WITH ({}){rest}", parameters.join(", "))
}

/// Columns in order of name: which order a table has them in is physical, and no statement changes it; nor whether a child declares once more
/// itself what it inherits.
fn sort_columns(lines: &mut Vec<String>) {
    let Some(begin) = lines.iter().position(|line| line.starts_with("CREATE ") && line.ends_with('(')) else { return };
    let Some(end) = lines[begin..].iter().position(|line| line.starts_with(')')).map(|at| begin + at) else { return };
    let inherits = lines[end..].iter().any(|line| line.starts_with("INHERITS (") || line.starts_with(") INHERITS ("));
    let mut within: Vec<String> = lines.drain(begin + 1..end).map(|line| line.trim_end_matches(',').to_owned()).collect();
    within.retain(|line| !inherits || !line.starts_with("    ") || line.contains(" DEFAULT ") || line.starts_with("    CONSTRAINT "));
    within.sort_unstable();
    lines.splice(begin + 1..begin + 1, within);
}

/// The columns of statistics are in the order of the table's.
fn sort_statistics(line: String) -> String {
    let Some((head, rest)) = line.strip_prefix("CREATE STATISTICS ").and_then(|it| it.split_once(" ON ")) else { return line };
    let Some((columns, table)) = rest.rsplit_once(" FROM ") else { return line };
    let mut columns: Vec<&str> = columns.split(", ").collect();
    columns.sort_unstable();
    format!("CREATE STATISTICS {head} ON {} FROM {table}", columns.join(", "))
}

fn is_restriction(line: &str) -> bool {
    line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
