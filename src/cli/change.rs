//! Differences as text, JSON, Markdown and HTML.

use std::collections::BTreeMap;
use std::fmt::Write;

use pgx_goose::catalog::{Catalog, Identity, Object};
use pgx_goose::ddl::Writer;
use pgx_goose::diff::{Change, Diff, Field};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::report::printable;
use super::source::count;

/// The version of the JSON, as docs/diff.md describes it.
const JSON_VERSION: u32 = 1;

/// The schemas as the user named them, without secrets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
}

/// `2 created, 1 altered, 1 dropped`, or `no difference`.
pub(crate) fn summary(diff: &Diff<'_>) -> String {
    match diff.counts() {
        (0, 0, 0) => "no difference".to_owned(),
        (created, altered, dropped) => format!("{created} created, {altered} altered, {dropped} dropped"),
    }
}

/// A line an object, and one a field; nothing where nothing differs.
pub(crate) fn text(diff: &Diff<'_>, short: bool) -> String {
    let mut text = String::new();
    for change in &diff.changes {
        let _ = writeln!(text, "{} {}", sign(change), printable(&change.identity().to_string()).replace('\n', " "));
        if !short {
            for field in change.fields() {
                let _ = writeln!(text, "    {}", printable(&field.to_string()).replace('\n', "\n    "));
            }
        }
    }
    if !diff.is_empty() {
        let _ = write!(text, "\n{}\n", summary(diff));
    }
    text
}

fn sign(change: &Change<'_>) -> char {
    match change {
        Change::Created { .. } => '+',
        Change::Dropped { .. } => '-',
        Change::Altered { .. } => '~',
    }
}

fn word(change: &Change<'_>) -> &'static str {
    match change {
        Change::Created { .. } => "created",
        Change::Dropped { .. } => "dropped",
        Change::Altered { .. } => "altered",
    }
}

/// The differences as a value; docs/diff.md has its schema.
pub(crate) fn value(diff: &Diff<'_>, names: &Names<'_>, short: bool) -> Value {
    let (created, altered, dropped) = diff.counts();
    let changes: Vec<Value> = diff.changes.iter().map(|it| change_value(it, short)).collect();
    json!({
        "version": JSON_VERSION,
        "from": names.from,
        "to": names.to,
        "equal": diff.is_empty(),
        "created": created,
        "altered": altered,
        "dropped": dropped,
        "changes": changes,
    })
}

pub(crate) fn json(diff: &Diff<'_>, names: &Names<'_>, short: bool) -> String {
    format!("{:#}\n", value(diff, names, short))
}

fn change_value(change: &Change<'_>, short: bool) -> Value {
    let mut value = json!({ "change": word(change), "object": change.identity().to_string(), "identity": change.identity() });
    if short {
        return value;
    }
    let (before, after) = versions(change);
    let mut put = |name: &str, it: Value| value.as_object_mut().map(|fields| fields.insert(name.to_owned(), it));
    if let Change::Altered { .. } = change {
        let field = |Field { path, from, to }: Field| json!({ "path": path, "from": from, "to": to });
        put("fields", change.fields().into_iter().map(field).collect());
    }
    if let Some(before) = before {
        put("before", json!(before));
    }
    if let Some(after) = after {
        put("after", json!(after));
    }
    value
}

/// The object before and after.
fn versions<'a>(change: &Change<'a>) -> (Option<&'a Object>, Option<&'a Object>) {
    match *change {
        Change::Created { object, .. } => (None, Some(object)),
        Change::Dropped { object, .. } => (Some(object), None),
        Change::Altered { before, after, .. } => (Some(before), Some(after)),
    }
}

/// An object's SQL before and after, line by line.
struct Sides<'a> {
    from: Writer<'a>,
    to: Writer<'a>,
}

impl Sides<'_> {
    fn lines(&self, change: &Change<'_>) -> Vec<(ChangeTag, String)> {
        let sql = |writer: &Writer<'_>, identity: &Identity, object: Option<&Object>| {
            let statements = object.map(|object| writer.create(identity, object)).unwrap_or_default();
            statements.into_iter().map(|it| format!("{}\n", it.sql.trim_end())).collect::<String>()
        };
        let (before, after) = versions(change);
        let (before, after) = (sql(&self.from, change.identity(), before), sql(&self.to, change.identity(), after));
        let diff = TextDiff::from_lines(&before, &after);
        diff.iter_all_changes().map(|it| (it.tag(), it.value().trim_end_matches('\n').to_owned())).collect()
    }
}

/// The same for a pull request: a table, and the SQL of each object as a diff.
pub(crate) fn markdown(diff: &Diff<'_>, from: &Catalog, to: &Catalog, names: &Names<'_>, short: bool) -> String {
    let mut text = format!("## Schema changes\n\n`{}` → `{}`: {}\n", in_code(names.from), in_code(names.to), summary(diff));
    if diff.is_empty() {
        return text;
    }
    text.push_str("\n| | object | what |\n|---|---|---|\n");
    for change in &diff.changes {
        let fields: Vec<String> = change.fields().iter().map(|it| format!("`{}`", in_code(&it.path))).collect();
        let what = if fields.is_empty() { word(change).to_owned() } else { fields.join(", ") };
        let _ = writeln!(text, "| {} | `{}` | {what} |", sign(change), in_code(&change.identity().to_string()));
    }
    if short {
        return text;
    }
    let sides = Sides { from: Writer::new(from), to: Writer::new(to) };
    for change in &diff.changes {
        let lines: String = sides.lines(change).iter().map(|(tag, line)| format!("{}{line}\n", tag_sign(*tag))).collect();
        let fence = fence(&lines);
        let title = in_html(&change.identity().to_string());
        let _ = write!(text, "\n<details><summary>{} {title}</summary>\n\n{fence}diff\n{lines}{fence}\n\n</details>\n", word(change));
    }
    text
}

fn tag_sign(tag: ChangeTag) -> char {
    match tag {
        ChangeTag::Equal => ' ',
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
    }
}

/// Text between backquotes, in a cell of a table.
fn in_code(text: &str) -> String {
    printable(text).replace('\n', " ").replace('`', "'").replace('|', "\\|")
}

/// More backquotes than stand anywhere in a text.
fn fence(text: &str) -> String {
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn in_html(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "\
:root { color-scheme: light dark; --plus: #1a7f37; --minus: #cf222e; --new: #dafbe1; --old: #ffebe9; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --plus: #3fb950; --minus: #f85149; --new: #12351f; --old: #3d1418; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { padding: .4rem .8rem; cursor: pointer; font-family: ui-monospace, monospace; font-size: .9rem; }
summary b { display: inline-block; width: 1rem; }
.created b { color: var(--plus); } .dropped b { color: var(--minus); }
table { border-collapse: collapse; margin: 0 .8rem .8rem; font-size: .85rem; }
td, th { border: 1px solid var(--line); padding: .15rem .5rem; text-align: left; vertical-align: top; }
pre { margin: 0; padding: .5rem 0; overflow-x: auto; font-size: .85rem; border-top: 1px solid var(--line); }
pre span { display: block; padding: 0 .8rem; min-height: 1.4em; }
ins { background: var(--new); text-decoration: none; display: block; padding: 0 .8rem; }
del { background: var(--old); text-decoration: none; display: block; padding: 0 .8rem; }
";

/// The same as a page that needs nothing else.
pub(crate) fn html(diff: &Diff<'_>, from: &Catalog, to: &Catalog, names: &Names<'_>) -> String {
    let (title_from, title_to) = (in_html(names.from), in_html(names.to));
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title_from} → {title_to}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Schema changes</h1>\n\
         <p><code>{title_from}</code> → <code>{title_to}</code>: {}</p>\n",
        summary(diff)
    );
    let sides = Sides { from: Writer::new(from), to: Writer::new(to) };
    let mut kinds: BTreeMap<_, Vec<&Change<'_>>> = BTreeMap::new();
    for change in &diff.changes {
        kinds.entry(change.identity().kind).or_default().push(change);
    }
    for (kind, changes) in kinds {
        let _ = writeln!(text, "<h2>{}</h2>", count(changes.len(), kind.name()));
        for change in changes {
            let _ = write!(
                text,
                "<details class=\"{}\"{}>\n<summary><b>{}</b> {}</summary>\n",
                word(change),
                if diff.changes.len() <= 20 { " open" } else { "" },
                sign(change),
                in_html(&change.identity().to_string())
            );
            let fields = change.fields();
            if !fields.is_empty() {
                text.push_str("<table>\n<tr><th>field</th><th>before</th><th>after</th></tr>\n");
                for Field { path, from, to } in &fields {
                    let shown = |value: &Option<Value>| value.as_ref().map(|it| in_html(&it.to_string())).unwrap_or_default();
                    let _ = writeln!(text, "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", in_html(path), shown(from), shown(to));
                }
                text.push_str("</table>\n");
            }
            text.push_str("<pre>");
            for (tag, line) in sides.lines(change) {
                let element = match tag {
                    ChangeTag::Equal => "span",
                    ChangeTag::Delete => "del",
                    ChangeTag::Insert => "ins",
                };
                let _ = write!(text, "<{element}>{}</{element}>", in_html(&line));
            }
            text.push_str("</pre>\n</details>\n");
        }
    }
    text.push_str("</body>\n</html>\n");
    text
}

#[cfg(test)]
mod tests {
    use pgx_goose::capture::script::{Input, parse};
    use pgx_goose::diff::diff;

    use super::*;

    const NAMES: Names<'_> = Names { from: "a<b", to: "c|d" };

    fn catalog(sql: &str) -> Catalog {
        parse(&[Input::new("schema.sql", sql)]).catalog
    }

    #[test]
    fn names_are_no_markup() {
        let hostile = "CREATE TABLE \"<script>`|\" (a int); COMMENT ON TABLE \"<script>`|\" IS '```</pre>';";
        let (from, to) = (catalog(""), catalog(hostile));
        let page = html(&diff(&from, &to), &from, &to, &NAMES);
        assert!(!page.contains("<script>") && page.matches("</pre>").count() == 1, "{page}");
        assert!(page.contains("a&lt;b") && page.contains("&lt;script&gt;"), "{page}");
        let text = markdown(&diff(&from, &to), &from, &to, &NAMES, false);
        assert!(text.contains("| + | `table public.<script>'\\|` | created |"), "{text}");
        assert!(text.contains("\n````diff\n") && text.contains("`c\\|d`"), "{text}");
    }

    #[test]
    fn json_says_what_differs() {
        let (from, to) = (catalog("CREATE TABLE t (a int);"), catalog("CREATE TABLE t (a bigint); CREATE TABLE u ();"));
        let found = value(&diff(&from, &to), &NAMES, false);
        assert_eq!((&found["equal"], &found["created"], &found["altered"]), (&json!(false), &json!(1), &json!(1)));
        assert_eq!(found["changes"][0]["object"], "table public.t");
        assert_eq!(found["changes"][0]["fields"][0]["path"], "columns[a].data_type");
        assert_eq!(found["changes"][1]["change"], "created");
        assert!(found["changes"][1]["after"].is_object() && found["changes"][1]["before"].is_null());
        let same = value(&diff(&to, &to), &NAMES, false);
        assert_eq!((&same["equal"], &same["changes"]), (&json!(true), &json!([])));
    }
}
