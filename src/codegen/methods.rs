//! The methods of a repository, by what its table has.
//!
//! The one place that knows a method's name, parameters and results: interface, mocks and implementation follow it. To add a method, add it
//! here and to `repository_postgres.tmpl`.

use super::model::{Column, Method, Packages, Table};

/// A parameter: its name and its type.
pub(crate) type Parameter<'a> = (&'a str, &'a str);

/// Fills in what follows from the table's other fields: its methods, and what their implementation needs.
pub(crate) fn complete(table: &mut Table, packages: &Packages) {
    let writes = !table.read_only;
    let upserts = table.primary_key.iter().chain(&table.unique_keys).any(|key| key.upsertable);
    table.methods = methods(table, packages);
    table.uses_assign = writes && (table.has_optional || table.copyable || upserts);
    table.copies = writes && (!table.copyable || requires(table) || !table.sample.fields.is_empty());
}

/// Whether every row that is created gives some column.
fn requires(table: &Table) -> bool {
    table.columns.iter().any(|column| column.insertable && !column.optional)
}

/// Returns the methods of the table's repository, in the order in which they are printed.
fn methods(table: &Table, packages: &Packages) -> Vec<Method> {
    let models = &packages.models.name;
    let runtime = &packages.runtime.name;
    let qualified = |name: &str| format!("{models}.{name}");
    let (model, create, patch, cursor) =
        (qualified(&table.names.model), qualified(&table.names.create), qualified(&table.names.patch), qualified(&table.names.cursor));
    let (many, page, sequence) = (format!("[]{model}"), format!("{runtime}.Page"), format!("iter.Seq2[{model}, error]"));
    let (creates, rows, after) = (format!("[]{create}"), format!("iter.Seq[{create}]"), format!("*{cursor}"));
    let one = [model.as_str(), "error"];
    let list = [many.as_str(), "error"];
    let relation = &table.sql;
    let (options, filters, waits) = (format!("...{runtime}.Option"), format!("...{runtime}.Filter"), format!("...{runtime}.Wait"));
    let living =
        if table.soft_delete.is_some() { " Rows that are softly deleted are left out unless an option asks for them." } else { "" };
    let mut out = Vec::new();

    if table.kind == "materialized view" {
        out.push(method("Refresh", "fills the view anew. Nobody can read it meanwhile.", &[], &["error"]));
        if table.refresh_concurrently {
            let doc = "fills the view anew while others read it. It must have been filled before.";
            out.push(method("RefreshConcurrently", doc, &[], &["error"]));
        }
    }
    if !table.read_only {
        out.push(method(
            "Create",
            format!("inserts a row into {relation} and returns it as the server stored it."),
            &[("create", &create)],
            &one,
        ));
        out.push(method(
            "CreateMany",
            "inserts rows in one batch, all or none, and returns them in the same order.",
            &[("creates", &creates)],
            &list,
        ));
        let copy = if table.copyable {
            "inserts rows with COPY and returns their number. Every row must give the same columns as the first."
        } else {
            "inserts rows in batches, all or none, and returns their number. The table has types that COPY can't carry."
        };
        let mut copy = method("CopyFrom", copy, &[("creates", &rows)], &["int64", "error"]);
        copy.testable = !table.copyable || requires(table);
        out.push(copy);
    }

    let key_struct = qualified(&table.names.key);
    let primary: Vec<Parameter<'_>> = match &table.primary_key {
        Some(key) if key.composite => vec![("key", key_struct.as_str())],
        Some(key) => parameters(&key.columns),
        None => Vec::new(),
    };
    if table.primary_key.is_some() {
        out.push(method("Get", format!("returns the row with this primary key, or {runtime}.ErrNotFound."), &primary, &one));
        if !table.read_only {
            let doc = format!(
                "is Get that locks the row until the transaction ends. With {runtime}.NoWait it fails with {runtime}.ErrLocked where someone else has it locked, with {runtime}.SkipLocked with {runtime}.ErrNotFound."
            );
            let locked: Vec<Parameter<'_>> = primary.iter().copied().chain([("wait", waits.as_str())]).collect();
            out.push(method("GetForUpdate", doc, &locked, &one));
        }
    }
    for key in &table.unique_keys {
        let doc = format!("returns the row that {} finds, or {runtime}.ErrNotFound.", key.constraint);
        out.push(method(&format!("GetBy{}", key.suffix), doc, &parameters(&key.columns), &one));
    }
    let order = if table.primary_key.is_some() { ", in the order of the primary key" } else { "" };
    out.push(method("List", format!("returns a page of rows{order}."), &[("page", &page)], &list));
    for key in &table.foreign_keys {
        let mut with_page = parameters(&key.columns);
        with_page.push(("page", &page));
        let doc = format!("returns a page of the rows that refer to this key{order}.");
        out.push(method(&format!("ListBy{}", key.suffix), doc, &with_page, &list));
        out.push(method(
            &format!("CountBy{}", key.suffix),
            "returns the number of rows that refer to this key.",
            &parameters(&key.columns),
            &["int64", "error"],
        ));
    }
    if table.primary_key.is_some() {
        let doc = "returns up to limit rows after the cursor, from the start where it is nil, and the cursor of the next page, nil after the last.";
        out.push(method("ListAfter", doc, &[("after", &after), ("limit", "int")], &[&many, &after, "error"]));
    }
    let find = "returns the rows that the options ask for: all that meet every condition, without any order unless one is given.";
    out.push(method("Find", format!("{find}{living}"), &[("options", &options)], &list));
    let first = format!("returns the first row that Find would, or {runtime}.ErrNotFound.");
    out.push(method("FindOne", first, &[("options", &options)], &one));
    let all = format!(
        "streams the rows that the options ask for, every row without any{order} unless another is given. The query ends with the loop.{living}"
    );
    let mut all = method("All", all, &[("options", &options)], &[&sequence]);
    all.result = sequence.clone();
    out.push(all);

    for load in &table.loads {
        let other = &load.other_type;
        let rows = format!("[]{model}");
        let by = match (load.to_parent, load.many) {
            (true, _) => {
                format!("returns the rows of {} that rows refer to by {}, by their key, in one query.", load.other_sql, load.columns)
            }
            (false, true) => format!(
                "returns the rows of {} that refer to rows by {}, by the key that they refer to, in one query.",
                load.other_sql, load.columns
            ),
            (false, false) => format!(
                "returns the row of {} that refers to each of rows by {}, by the key that it refers to, in one query.",
                load.other_sql, load.columns
            ),
        };
        let result = format!("map[{}]{}{other}", load.key_type, if load.many { "[]" } else { "" });
        let mut loading = method(&load.name, by, &[("rows", &rows), ("options", &options)], &[&result, "error"]);
        loading.testable = load.key_present.is_empty();
        out.push(loading);
        if !load.joined.is_empty() {
            let pairs = format!("[]{runtime}.Joined[{model}, {other}]");
            let doc = format!(
                "is Find that returns with each row the one of {} that it refers to by {}, if any. Options may be about both tables.",
                load.other_sql, load.columns
            );
            out.push(method(&load.joined, doc, &[("options", &options)], &[&pairs, "error"]));
        }
    }

    if !table.read_only {
        if let Some(key) = &table.primary_key {
            let with = |extra: Parameter<'static>| primary.iter().copied().chain([extra]).collect::<Vec<_>>();
            if table.updatable {
                let row = [(table.names.variable.as_str(), model.as_str())];
                out.push(method(
                    "Update",
                    match &table.version {
                        Some(version) => format!("writes every column that can be written, and counts {} up. It returns {runtime}.ErrStale where the row has another {0} by now, and {runtime}.ErrNotFound where there is none.", version.name),
                        None => format!("writes every column that can be written, or returns {runtime}.ErrNotFound."),
                    },
                    &row,
                    &one,
                ));
                let mut patched = with(("patch", ""));
                patched.last_mut().expect("just added").1 = &patch;
                let doc = "writes the columns that the patch gives and returns the row; an empty patch only reads it.";
                let stale = match &table.version {
                    Some(version) => {
                        format!(" Where the patch gives {} the row must still have it, or it returns {runtime}.ErrStale.", version.field)
                    }
                    None => String::new(),
                };
                out.push(method("Patch", format!("{doc}{stale}"), &patched, &one));
            }
            if key.upsertable {
                let doc = "inserts the row, or writes the given columns of the one with the same primary key.";
                out.push(method("Upsert", doc, &[("create", &create)], &one));
            }
        }
        for key in table.unique_keys.iter().filter(|key| key.upsertable) {
            let doc = format!("inserts the row, or writes the given columns of the one that {} finds.", key.constraint);
            out.push(method(&format!("UpsertBy{}", key.suffix), doc, &[("create", &create)], &one));
        }
        if table.primary_key.is_some() {
            out.push(method("Delete", format!("removes the row, or returns {runtime}.ErrNotFound."), &primary, &["error"]));
            if let Some(it) = &table.soft_delete {
                let doc =
                    format!("marks the row as deleted in {}, or returns {runtime}.ErrNotFound where there is no living row.", it.name);
                out.push(method("SoftDelete", doc, &primary, &["error"]));
                let doc =
                    format!("takes a soft deletion back, or returns {runtime}.ErrNotFound where there is no row that is softly deleted.");
                out.push(method("Restore", doc, &primary, &["error"]));
            }
        }
    }
    if table.primary_key.is_some() {
        out.push(method("Exists", "tells whether there is a row with this primary key.", &primary, &["bool", "error"]));
    }
    out.push(method(
        "Count",
        format!("returns the number of rows that meet all conditions.{living}"),
        &[("filters", &filters)],
        &["int64", "error"],
    ));
    out
}

/// Returns one parameter a column, of its value type.
fn parameters(columns: &[Column]) -> Vec<Parameter<'_>> {
    columns.iter().map(|column| (column.parameter.as_str(), column.value_type.qualified.as_str())).collect()
}

fn method(name: &str, doc: impl AsRef<str>, parameters: &[Parameter<'_>], results: &[&str]) -> Method {
    new(name, vec![format!("{name} {}", doc.as_ref())], parameters, results)
}

/// Returns a method with a context before its parameters.
pub(crate) fn new(name: &str, doc: Vec<String>, parameters: &[Parameter<'_>], results: &[&str]) -> Method {
    let all: Vec<Parameter<'_>> = std::iter::once(("ctx", "context.Context")).chain(parameters.iter().copied()).collect();
    let join = |part: fn(&Parameter<'_>) -> String| all.iter().map(part).collect::<Vec<_>>().join(", ");
    let variadic = all.last().filter(|(_, go_type)| go_type.starts_with("...")).map_or("", |(name, _)| name);
    let count = all.len() - usize::from(!variadic.is_empty());
    let fixed = all[..count].iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let called = if variadic.is_empty() { fixed.clone() } else { format!("variadic({variadic}, {fixed})...") };
    Method {
        name: name.to_owned(),
        doc,
        parameters: join(|(name, go_type)| format!("{name} {go_type}")),
        arguments: join(|(name, _)| (*name).to_owned()),
        variadic: variadic.to_owned(),
        call: join(|(name, go_type)| if go_type.starts_with("...") { format!("{name}...") } else { (*name).to_owned() }),
        types: join(|(_, go_type)| (*go_type).to_owned()),
        results_helper: results_helper(count, !variadic.is_empty(), results),
        called,
        fixed,
        returns: results.iter().enumerate().map(|(n, it)| returned(n, it)).collect::<Vec<_>>().join(", "),
        results: results.iter().map(|it| (*it).to_owned()).collect(),
        fails: results.last() == Some(&"error"),
        testable: true,
        result: match results {
            [single] => (*single).to_owned(),
            several => format!("({})", several.join(", ")),
        },
    }
}

/// Returns how a mock of testify takes the result of a type out of a call's `ret`.
fn returned(n: usize, go_type: &str) -> String {
    if go_type == "error" { format!("ret.Error({n})") } else { format!("returned[{go_type}](ret, {n})") }
}

/// Returns the function of `mocks_testify.tmpl` that takes the results of a mocked call apart; empty where none fits.
fn results_helper(fixed: usize, variadic: bool, results: &[&str]) -> String {
    match (results, variadic, fixed) {
        ([value, "error"], false, 1..=3) => format!("results{fixed}[{value}]"),
        ([value, "error"], true, 1..=2) => format!("variadic{fixed}[{value}]"),
        _ => String::new(),
    }
}
