//! Templates: the default ones, compiled in, and a user's own over them by file name.
//!
//! A template lays out text; it must not compute (a missing fact belongs into [`super::model`]). Delimiters are such as Go never has:
//! `<: value | filter :>`, `<% if … %>`, `<# comment #>`. A line with nothing but blocks and comments leaves no trace in the
//! output, so templates can be indented like the Go they make. The engine is compiled once and shared by all workers.
//!
//! To add a template: the file under `templates/`, a line in [`DEFAULTS`], and a line in [`super::generate`] that says which file it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use upon::{Engine, Value};

use super::model::TableNames;
use super::{literal, names};
use crate::diagnostic::{Span, nearest};
use crate::{fs, template};

macro_rules! defaults {
    ($($name:literal),* $(,)?) => {
        /// The default templates, by the file name that overrides them.
        const DEFAULTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name)))),*];
    };
}

defaults![
    "benchmark.tmpl",
    "composites.tmpl",
    "cross_aliases.tmpl",
    "cross_joins.tmpl",
    "cross_joins_test.tmpl",
    "cross_neighbours.tmpl",
    "cross_repositories.tmpl",
    "cross_samples.tmpl",
    "cross_tables.tmpl",
    "cross_test.tmpl",
    "cross_types.tmpl",
    "enums.tmpl",
    "functions_interface.tmpl",
    "functions_models.tmpl",
    "functions_postgres.tmpl",
    "functions_test.tmpl",
    "mock_gomock.tmpl",
    "mock_testify.tmpl",
    "mocks_testify.tmpl",
    "model.tmpl",
    "opt.tmpl",
    "repositories.tmpl",
    "repository_interface.tmpl",
    "repository_postgres.tmpl",
    "runtime_assignments.tmpl",
    "runtime_conditions.tmpl",
    "runtime_db.tmpl",
    "runtime_errors.tmpl",
    "runtime_joins.tmpl",
    "runtime_options.tmpl",
    "runtime_related.tmpl",
    "runtime_transaction.tmpl",
    "runtime_transactions.tmpl",
    "runtime_types.tmpl",
    "test.tmpl",
    "test_main.tmpl",
    "test_models.tmpl",
    "test_runtime.tmpl",
    "types.tmpl",
];

/// What ends the name of a template's file.
const EXTENSION: &str = ".tmpl";

/// Why templates can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum TemplateError {
    /// The folder that the user named is missing.
    #[error("the template folder `{folder}` does not exist")]
    MissingFolder { folder: String },
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] fs::Error),
    /// A template is wrong, or asks for what the data does not have.
    #[error("{}:{}:{}: {message}", span.file, span.line, span.column)]
    Template { message: String, span: Span },
    /// A template of the older tool.
    #[error("the template `{file}` is written for Go's text/template, which is not what templates are written in here")]
    GoTemplate { file: String },
    /// A template can't be rendered, and the engine does not say where.
    #[error("{file}: {message}")]
    Engine { file: String, message: String },
}

/// Compiled templates.
pub(crate) struct Templates {
    engine: Engine<'static>,
    /// The user's folder, and which of the templates come from it.
    folder: String,
    overridden: BTreeSet<String>,
    /// Files of the folder that override nothing, make no file of their own, and that no template includes.
    pub(crate) unused: Vec<String>,
    /// Templates of the folder that make files of their own.
    pub(crate) extra: Vec<Extra>,
    /// How long it took to compile all of them.
    compile: Duration,
    /// How often each template was rendered.
    rendered: BTreeMap<String, AtomicUsize>,
}

/// A template of the user's that makes a file beside ours. Its first line says which: `<# file: docs/{table}.md #>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    pub(crate) template: String,
    /// The file, from the working directory; with `{table}`, `{model}` and `{schema}` in it one a table.
    pattern: String,
}

impl Extra {
    /// Reads the first line of a template.
    fn of(template: &str, text: &str) -> Result<Option<Self>, String> {
        let first = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().trim();
        let Some(pattern) = first.strip_prefix("<#").and_then(|it| it.trim_start().strip_prefix("file:")?.strip_suffix("#>")) else {
            return Ok(None);
        };
        let pattern = pattern.trim();
        let mut rest = pattern.to_owned();
        for known in ["{table}", "{model}", "{schema}"] {
            rest = rest.replace(known, "x");
        }
        if let Some(brace) = rest.find(['{', '}']) {
            return Err(format!(
                "`{}` is neither `{{table}}` nor `{{model}}` nor `{{schema}}`",
                rest[brace..].split_inclusive('}').next().unwrap_or_default()
            ));
        }
        let safe = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':']);
        if !rest.split('/').all(safe) {
            return Err(format!("`{pattern}` is no file below the working directory"));
        }
        if pattern.contains("{schema}") && !pattern.contains("{table}") && !pattern.contains("{model}") {
            return Err(format!("`{pattern}` is the same file for all tables of a schema; put `{{table}}` or `{{model}}` into it"));
        }
        Ok(Some(Self { template: template.to_owned(), pattern: pattern.to_owned() }))
    }

    /// Whether there is one file a table.
    pub(crate) fn is_per_table(&self) -> bool {
        self.pattern.contains('{')
    }

    /// The file, for a table or for the project.
    pub(crate) fn path(&self, table: Option<(&str, &TableNames)>) -> String {
        let Some((schema, names)) = table else { return self.pattern.clone() };
        let schema = names::file_stem(&names::words(schema));
        self.pattern.replace("{table}", &names.file).replace("{model}", &names.model).replace("{schema}", &schema)
    }
}

/// What became of the templates, for summaries and logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TemplateFacts {
    /// How many are the user's own.
    pub own: usize,
    /// How many were used, which is how many had to be compiled.
    pub used: usize,
    /// How many files were rendered from them.
    pub rendered: usize,
    /// How long it took to compile them.
    pub compile: Duration,
}

impl TemplateFacts {
    /// The share of renders that found their template compiled, in percent; none where nothing was rendered.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.rendered > 0).then(|| 100.0 * (self.rendered - self.used) as f64 / self.rendered as f64)
    }
}

impl Templates {
    /// Compiles the default templates and those of the user's folder.
    ///
    /// `constants` are values that are the same for all files, by the name that templates give them: default templates get them as
    /// their own text, for what is looked up once needn't be looked up for every table.
    pub(crate) fn load(folder: Option<&str>, constants: &[(String, String)]) -> Result<Self, TemplateError> {
        let start = Instant::now();
        let mut engine = template::engine();
        literal::add_filters(&mut engine);
        let mut templates = Self {
            engine,
            folder: folder.unwrap_or_default().to_owned(),
            overridden: BTreeSet::new(),
            unused: Vec::new(),
            extra: Vec::new(),
            compile: Duration::ZERO,
            rendered: BTreeMap::new(),
        };
        let own = folder.map(own_templates).transpose()?.unwrap_or_default();
        templates.overridden = own.iter().map(|(name, _)| name.clone()).collect();
        for (name, text) in DEFAULTS {
            if !templates.overridden.contains(*name) {
                templates.add(name, &with_constants(text, constants))?;
            }
        }
        for (name, text) in &own {
            templates.add(name, text)?;
            let place = || Span {
                file: templates.file(name),
                line: 1,
                column: 1,
                length: 0,
                text: text.lines().next().unwrap_or_default().to_owned(),
            };
            let extra = Extra::of(name, text).map_err(|message| TemplateError::Template { message, span: place() })?;
            templates.extra.extend(extra.filter(|_| !DEFAULTS.iter().any(|(default, _)| default == name)));
        }
        let included = |name: &String| own.iter().any(|(_, text)| text.contains(&format!("\"{name}\"")));
        templates.unused = templates
            .overridden
            .iter()
            .filter(|name| !DEFAULTS.iter().any(|(default, _)| default == name) && !included(name))
            .filter(|name| !templates.extra.iter().any(|it| it.template == **name))
            .cloned()
            .collect();
        let names = DEFAULTS.iter().map(|(name, _)| *name).chain(templates.extra.iter().map(|it| it.template.as_str()));
        templates.rendered = names.map(|name| (name.to_owned(), AtomicUsize::new(0))).collect();
        templates.compile = start.elapsed();
        Ok(templates)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        if text.contains("{{.") && !text.contains("<:") && !text.contains("<%") {
            return Err(TemplateError::GoTemplate { file: self.file(name) });
        }
        let compiled = template::prepared(text);
        let result = self.engine.add_template(name.to_owned(), compiled.clone());
        result.map_err(|error| self.located(name, &compiled, &error))
    }

    /// Renders a template.
    pub(crate) fn render(&self, name: &str, data: &Value) -> Result<String, TemplateError> {
        let template = self.engine.get_template(name).expect("every template that is rendered is in DEFAULTS");
        if let Some(count) = self.rendered.get(name) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        template.render_from(data).to_string().map_err(|error| self.located(name, template.source(), &error))
    }

    /// Gives an error of the engine its place. The engine has it only in what it prints: `--> name:line:column`, the line, `= reason: …`.
    fn located(&self, name: &str, source: &str, error: &upon::Error) -> TemplateError {
        let printed = format!("{error:#}");
        let message = printed.split_once("= reason: ").map_or_else(|| error.to_string(), |(_, reason)| reason.trim().to_owned());
        let place = printed.split_once("--> ").and_then(|(_, rest)| {
            let mut parts = rest.lines().next()?.trim().rsplitn(3, ':');
            let (column, line): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let name = parts.next().filter(|it| *it != "<anonymous>").unwrap_or(name);
            let source = self.engine.get_template(name).map_or(source, |it| it.source());
            Some(self.span(name, source, line, column))
        });
        match place {
            Some(mut span) => {
                // What is at fault stands under the carets.
                let width = printed.lines().filter_map(|it| it.split_once("| ")).find(|(_, it)| it.trim_start().starts_with('^'));
                span.length = width.map_or(0, |(_, it)| u32::try_from(it.matches('^').count()).unwrap_or(0));
                // A member is named without the dot before it.
                if span.length > 1 && span.text.chars().nth(span.column as usize - 1) == Some('.') {
                    (span.column, span.length) = (span.column + 1, span.length - 1);
                }
                let fault: String = span.text.chars().skip(span.column as usize - 1).take(span.length as usize).collect();
                let message = if fault.trim().is_empty() { message } else { format!("`{}`: {message}", fault.trim()) };
                TemplateError::Template { message, span }
            }
            None => TemplateError::Engine { file: self.file(name), message },
        }
    }

    /// Returns a place in a template's file for the same place in what was compiled of it: after a line of blocks a line begins with two characters more.
    fn span(&self, name: &str, compiled: &str, line: u32, column: u32) -> Span {
        let text = compiled.lines().nth(line as usize - 1).unwrap_or_default();
        let (text, moved) = match text.strip_prefix("%>").or_else(|| text.strip_prefix("#>")) {
            Some(rest) => (rest, 2),
            None => (text, 0),
        };
        Span { file: self.file(name), line, column: column.saturating_sub(moved).max(1), length: 0, text: text.to_owned() }
    }

    /// Returns a template's file as the user would say it.
    fn file(&self, name: &str) -> String {
        if self.overridden.contains(name) { format!("{}/{name}", self.folder.trim_end_matches('/')) } else { format!("{name} (built in)") }
    }

    /// Returns what became of the templates so far.
    pub(crate) fn facts(&self) -> TemplateFacts {
        let counts: Vec<usize> = self.rendered.values().map(|it| it.load(Ordering::Relaxed)).collect();
        let used = counts.iter().filter(|it| **it > 0).count();
        TemplateFacts { own: self.overridden.len(), used, rendered: counts.iter().sum(), compile: self.compile }
    }
}

/// Returns a default template with constants in the place of their names.
fn with_constants(text: &str, constants: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (name, after))) = rest.split_once("<: ").and_then(|(before, it)| Some((before, it.split_once(" :>")?))) {
        out.push_str(before);
        match constants.iter().find(|(constant, _)| constant == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["<: ", name, " :>"]),
        }
        rest = after;
    }
    out + rest
}

/// Returns what to do about a template that is never used.
pub(super) fn hint(name: &str) -> String {
    match nearest(name, DEFAULTS.iter().map(|(default, _)| *default)) {
        Some(default) => format!("did you mean `{default}`?"),
        None => "a template is used where it has the name of a default one, where its first line says which file it makes (`<# file: docs/{table}.md #>`), or where another includes it".to_owned(),
    }
}

/// Reads the templates of a user's folder, by name.
pub(super) fn own_templates(folder: &str) -> Result<Vec<(String, String)>, TemplateError> {
    if fs::kind(folder)? != Some(fs::FileKind::Folder) {
        return Err(TemplateError::MissingFolder { folder: folder.to_owned() });
    }
    let mut own = Vec::new();
    for entry in fs::read_dir_sorted(folder)? {
        if let Ok(name) = entry.name.into_string()
            && name.ends_with(EXTENSION)
        {
            own.push((name, fs::read_to_string(&entry.path)?));
        }
    }
    Ok(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str) -> Result<String, TemplateError> {
        let mut templates = Templates::load(None, &[]).expect("the default templates compile");
        templates.add("t.tmpl", template)?;
        templates.render("t.tmpl", &upon::value! { list: ["a", "b"], yes: true, sql: "SELECT `x`", none: [] })
    }

    #[test]
    fn lines_of_blocks_leave_no_trace() {
        let check = |template: &str, expected: &str| assert_eq!(render(template).unwrap(), expected, "{template:?}");
        check("<% for it in list %>\n\t<: it :>\n<% endfor %>\nend\n", "\ta\n\tb\nend\n");
        check("\t<% if yes %>\nx\n\t<% else %>\ny\n\t<% endif %>", "x\n");
        check("<# said\nin two lines #>\nx", "x");
        check("a <% if yes %>b<% endif %>\n", "a b\n");
        check("<% if yes %><% for it in list %>\n<: it :>\n<% endfor %><% endif %>\n", "a\nb\n");
        let go = "x := []T{{1, 2}}\ny := 1 << 2 >> 3\nfor v := range <-c {}\ns[:]\n";
        check(go, go);
    }

    #[test]
    fn errors_say_where() {
        let check = |template: &str, expected: &str| assert_eq!(render(template).unwrap_err().to_string(), expected, "{template:?}");
        check("ok\n\t<% if yes %>\n\t<: lost :>\n\t<% endif %>\n", "t.tmpl (built in):3:5: `lost`: not found in this scope");
        check("ok\n\t<% wrong %>\n", "t.tmpl (built in):2:5: `wrong`: expected keyword, found identifier");
    }

    #[test]
    fn templates_of_the_older_tool_are_refused() {
        let error = render("package {{.Package}}\n").unwrap_err();
        let expected =
            "the template `t.tmpl (built in)` is written for Go's text/template, which is not what templates are written in here";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn the_first_line_says_which_file_is_made() {
        let check = |first: &str, expected: Result<Option<(&str, bool)>, &str>| {
            let made = Extra::of("t.tmpl", &format!("{first}\nrest"));
            let made = made.as_ref().map(|it| it.as_ref().map(|it| (it.pattern.as_str(), it.is_per_table()))).map_err(String::as_str);
            assert_eq!(made, expected, "{first}");
        };
        check("<# file: docs/{table}.md #>", Ok(Some(("docs/{table}.md", true))));
        check("<#file: tables.json#>", Ok(Some(("tables.json", false))));
        check("<# a comment #>", Ok(None));
        check("<# file: ../x.md #>", Err("`../x.md` is no file below the working directory"));
        check("<# file: /etc/x #>", Err("`/etc/x` is no file below the working directory"));
        check("<# file: {tabel}.md #>", Err("`{tabel}` is neither `{table}` nor `{model}` nor `{schema}`"));
        check(
            "<# file: {schema}.md #>",
            Err("`{schema}.md` is the same file for all tables of a schema; put `{table}` or `{model}` into it"),
        );
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let error = Templates::load(Some("no/such/folder"), &[]).err().expect("refused");
        assert_eq!(error.to_string(), "the template folder `no/such/folder` does not exist");
    }
}
