//! Files of a user's own templates.
//!
//! A template is a file whose name ends in `.tmpl`; a folder may hold several, each of which makes a file of every part. Its name
//! without that ending is the name of what it makes, with `{version}` and `{name}` replaced: `{version}_{name}.up.sql.tmpl`,
//! `{version}_{name}/up.sql.tmpl`. docs/migrations.md has the data that a template sees.

use std::path::Path;

use upon::Value;

use super::Part;
use super::header;
use super::version::Version;
use crate::diagnostic::Span;
use crate::fs::{self, FileKind};
use crate::plan::{Action, Step};
use crate::template;

/// What ends the name of a template's file.
const EXTENSION: &str = ".tmpl";

/// Why a template can't be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named in the messages")]
pub enum TemplateError {
    /// There is nothing at the path.
    #[error("there is no template at `{path}`")]
    Missing { path: String },
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] fs::Error),
    /// A template is wrong, or asks for what the data does not have.
    #[error("{}:{}:{}: {message}", span.file, span.line, span.column)]
    Template { message: String, span: Span },
    /// A template can't be rendered, and the engine does not say where.
    #[error("{file}: {message}")]
    Engine { file: String, message: String },
}

/// A user's template, or a folder of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The name of the file, the name of what it makes, and its text.
    files: Vec<(String, String, String)>,
}

impl Template {
    /// Reads a template, or those of a folder.
    ///
    /// # Errors
    /// If there is none, or one can't be read.
    pub fn load(path: &Path) -> Result<Self, TemplateError> {
        let mut files = Vec::new();
        match fs::kind(path)? {
            Some(FileKind::Folder) => collect(path, "", &mut files)?,
            Some(_) => {
                let name = path.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
                let name = name.strip_suffix(EXTENSION).unwrap_or(&name);
                // A template that doesn't say how its files are called says how they end.
                let made = match (name.contains("{version}"), name.split_once('.')) {
                    (true, _) => name.to_owned(),
                    (false, Some((_, ending))) if ending.ends_with("sql") => format!("{{version}}_{{name}}.{ending}"),
                    (false, _) => "{version}_{name}.sql".to_owned(),
                };
                files.push((path.display().to_string(), made, fs::read_to_string(path)?));
            }
            None => {}
        }
        if files.is_empty() {
            return Err(TemplateError::Missing { path: path.display().to_string() });
        }
        Ok(Self { files })
    }

    /// Renders a part: the names of files, and their texts.
    pub(super) fn render(
        &self,
        part: &Part,
        version: &Version,
        name: &str,
        about: &header::About<'_>,
    ) -> Result<Vec<(String, String)>, TemplateError> {
        let data = data(part, version, name, about);
        let mut rendered = Vec::with_capacity(self.files.len());
        for (file, made, text) in &self.files {
            let engine = template::engine();
            let prepared = template::prepared(text);
            let compiled = engine.compile(prepared.as_str()).map_err(|error| located(file, text, &error))?;
            let text = compiled.render(&engine, &data).to_string().map_err(|error| located(file, text, &error))?;
            rendered.push((made.replace("{version}", &version.text).replace("{name}", name), text));
        }
        Ok(rendered)
    }
}

fn collect(folder: &Path, below: &str, files: &mut Vec<(String, String, String)>) -> Result<(), TemplateError> {
    for entry in fs::read_dir_sorted(folder)? {
        let name = format!("{below}{}", entry.name.to_string_lossy());
        match (entry.kind, name.strip_suffix(EXTENSION)) {
            (FileKind::Folder, _) => collect(&entry.path, &format!("{name}/"), files)?,
            (_, Some(made)) => files.push((entry.path.display().to_string(), made.to_owned(), fs::read_to_string(&entry.path)?)),
            _ => {}
        }
    }
    Ok(())
}

fn data(part: &Part, version: &Version, name: &str, about: &header::About<'_>) -> Value {
    let lines = header::lines(part, about);
    let up: Vec<Value> = part.up.iter().map(step).collect();
    let down: Vec<Value> = header::down(part).map(step).collect();
    let left_out: Vec<Value> = about.migration.left_out.iter().map(step).collect();
    upon::value! {
        version: version.text.clone(),
        name: name,
        number: about.at + 1,
        count: about.count,
        from: about.from,
        to: about.to,
        comment: lines,
        transaction: part.transaction,
        down_transaction: part.down.len() <= 1 && part.down.iter().all(|it| it.transaction),
        up: up,
        down: down,
        left_out: left_out,
    }
}

fn step(step: &Step) -> Value {
    let Step { sql, about, action, loses, risks, why } = step;
    let action = match action {
        Action::Create => "create",
        Action::Alter => "alter",
        Action::Drop => "drop",
        Action::Recreate => "recreate",
    };
    upon::value! {
        sql: sql.trim_end(),
        action: action,
        object: about.to_string(),
        kind: about.kind.name(),
        schema: about.schema.clone(),
        parent: about.parent.clone(),
        object_name: about.name.clone(),
        loses: loses.clone().unwrap_or_default(),
        risks: risks.clone().unwrap_or_default(),
        why: why.clone().unwrap_or_default(),
    }
}

/// Gives an error of the engine its place, which it has only in what it prints: `--> name:line:column`, the line, `= reason: …`.
fn located(file: &str, text: &str, error: &upon::Error) -> TemplateError {
    let printed = format!("{error:#}");
    let message = printed.split_once("= reason: ").map_or_else(|| error.to_string(), |(_, reason)| reason.trim().to_owned());
    let place = printed.split_once("--> ").and_then(|(_, rest)| {
        let mut parts = rest.lines().next()?.trim().rsplitn(3, ':');
        let (column, line): (u32, u32) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((line, column))
    });
    match place {
        Some((line, column)) => {
            let text = text.lines().nth(line as usize - 1).unwrap_or_default().to_owned();
            TemplateError::Template { message, span: Span { file: file.to_owned(), line, column, length: 0, text } }
        }
        None => TemplateError::Engine { file: file.to_owned(), message },
    }
}
