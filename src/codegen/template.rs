//! Templates: the default ones, compiled in, and a user's own over them by file name.
//!
//! A template lays out text; it must not compute (a missing fact belongs into [`super::model`]). Delimiters are such as Go never has:
//! `<: value | filter :>`, `<% if … %>`, `<# comment #>`. A line with nothing but blocks and comments leaves no trace in the
//! output, so templates can be indented like the Go they make. The engine is compiled once and shared by all workers.
//!
//! To add a template: the file under `templates/`, a line in [`DEFAULTS`], and a line in [`super::generate`] that says which file it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use upon::{Engine, Syntax, Value};

use super::literal;
use crate::diagnostic::{Span, nearest};
use crate::fs;

macro_rules! defaults {
    ($($name:literal),* $(,)?) => {
        /// The default templates, by the file name that overrides them.
        const DEFAULTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../templates/", $name)))),*];
    };
}

defaults![
    "composites.tmpl",
    "enums.tmpl",
    "functions_interface.tmpl",
    "functions_models.tmpl",
    "functions_postgres.tmpl",
    "functions_test.tmpl",
    "mock_gomock.tmpl",
    "mock_testify.tmpl",
    "model.tmpl",
    "opt.tmpl",
    "repositories.tmpl",
    "repository_interface.tmpl",
    "repository_postgres.tmpl",
    "runtime_assignments.tmpl",
    "runtime_conditions.tmpl",
    "runtime_db.tmpl",
    "runtime_errors.tmpl",
    "runtime_options.tmpl",
    "runtime_related.tmpl",
    "runtime_transaction.tmpl",
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
    /// Files of the folder that override nothing and that no template includes.
    pub(crate) unused: Vec<String>,
    /// How often each template was rendered.
    rendered: BTreeMap<String, AtomicUsize>,
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
}

impl TemplateFacts {
    /// The share of renders that found their template compiled, in percent; none where nothing was rendered.
    pub fn hit_ratio(&self) -> Option<f64> {
        (self.rendered > 0).then(|| 100.0 * (self.rendered - self.used) as f64 / self.rendered as f64)
    }
}

impl Templates {
    /// Compiles the default templates and those of the user's folder.
    pub(crate) fn load(folder: Option<&str>) -> Result<Self, TemplateError> {
        let mut engine = Engine::new();
        engine.set_syntax(Syntax::builder().expr("<:", ":>").block("<%", "%>").comment("<#", "#>").build());
        literal::add_filters(&mut engine);
        let mut templates = Self {
            engine,
            folder: folder.unwrap_or_default().to_owned(),
            overridden: BTreeSet::new(),
            unused: Vec::new(),
            rendered: BTreeMap::new(),
        };
        let mut own = Vec::new();
        if let Some(folder) = folder {
            for name in user_files(folder)? {
                own.push((fs::read_to_string(Path::new(folder).join(&name))?, name));
            }
        }
        templates.overridden = own.iter().map(|(_, name)| name.clone()).collect();
        for (name, text) in DEFAULTS {
            if !templates.overridden.contains(*name) {
                templates.add(name, text)?;
            }
        }
        for (text, name) in &own {
            templates.add(name, text)?;
        }
        let included = |name: &String| own.iter().any(|(text, _)| text.contains(&format!("\"{name}\"")));
        templates.unused = templates
            .overridden
            .iter()
            .filter(|name| !DEFAULTS.iter().any(|(default, _)| default == name) && !included(name))
            .cloned()
            .collect();
        templates.rendered = DEFAULTS.iter().map(|(name, _)| ((*name).to_owned(), AtomicUsize::new(0))).collect();
        Ok(templates)
    }

    fn add(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        if text.contains("{{.") && !text.contains("<:") && !text.contains("<%") {
            return Err(TemplateError::GoTemplate { file: self.file(name) });
        }
        let compiled = without_block_lines(&text.replace("\r\n", "\n"));
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
            Some(span) => TemplateError::Template { message, span },
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
        TemplateFacts { own: self.overridden.len(), used: counts.iter().filter(|it| **it > 0).count(), rendered: counts.iter().sum() }
    }
}

/// Returns what to do about a template that is never used.
pub(super) fn hint(name: &str) -> String {
    match nearest(name, DEFAULTS.iter().map(|(default, _)| *default)) {
        Some(default) => format!("did you mean `{default}`?"),
        None => "a template is used where it has the name of a default one, or where another includes it".to_owned(),
    }
}

/// Lists the templates of a folder.
fn user_files(folder: &str) -> Result<Vec<String>, TemplateError> {
    if fs::kind(folder)? != Some(fs::FileKind::Folder) {
        return Err(TemplateError::MissingFolder { folder: folder.to_owned() });
    }
    let entries = fs::read_dir_sorted(folder)?;
    Ok(entries.into_iter().filter_map(|it| it.name.into_string().ok()).filter(|name| name.ends_with(EXTENSION)).collect())
}

/// Makes lines of nothing but blocks and comments vanish, by moving their indentation and line break inside of the tags, where white space has no
/// meaning. So lines and columns in messages stay those of the file.
fn without_block_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        match block_line(rest) {
            Some((indent, last_tag_end, length)) => {
                let opening = indent + 2;
                out.push_str(&rest[indent..opening]);
                out.push_str(&rest[..indent]);
                out.push_str(&rest[opening..last_tag_end - 2]);
                out.push_str(&rest[last_tag_end..length]);
                out.push_str(&rest[last_tag_end - 2..last_tag_end]);
                rest = &rest[length..];
            }
            None => {
                let length = rest.find('\n').map_or(rest.len(), |it| it + 1);
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }
    out
}

/// Where `text` begins with a line of tags only: the length of its indentation, the end of its last tag, and its whole length with the line break.
fn block_line(text: &str) -> Option<(usize, usize, usize)> {
    let blank = |at: usize| text[at..].len() - text[at..].trim_start_matches([' ', '\t']).len();
    let indent = blank(0);
    let mut end = indent;
    loop {
        let close = match text.get(end..end + 2) {
            Some("<%") => "%>",
            Some("<#") => "#>",
            _ => break,
        };
        end += 2 + text[end + 2..].find(close)? + 2;
    }
    let after = end + blank(end);
    match text[after..].chars().next() {
        _ if end == indent => None,
        Some('\n') => Some((indent, end, after + 1)),
        None => Some((indent, end, after)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str) -> Result<String, TemplateError> {
        let mut templates = Templates::load(None).expect("the default templates compile");
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
        check("ok\n\t<% if yes %>\n\t<: lost :>\n\t<% endif %>\n", "t.tmpl (built in):3:5: not found in this scope");
        check("ok\n\t<% wrong %>\n", "t.tmpl (built in):2:5: expected keyword, found identifier");
    }

    #[test]
    fn templates_of_the_older_tool_are_refused() {
        let error = render("package {{.Package}}\n").unwrap_err();
        let expected =
            "the template `t.tmpl (built in)` is written for Go's text/template, which is not what templates are written in here";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn a_missing_folder_is_an_error() {
        let error = Templates::load(Some("no/such/folder")).err().expect("refused");
        assert_eq!(error.to_string(), "the template folder `no/such/folder` does not exist");
    }
}
