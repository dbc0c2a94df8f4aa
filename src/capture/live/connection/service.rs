//! Connection service files (`pg_service.conf`): settings under a name, as libpq's `parseServiceInfo` reads them.
//!
//! The user's file comes first (`servicefile`, `PGSERVICEFILE`, `~/.pg_service.conf`), then that of the system (`PGSYSCONFDIR`,
//! else where Debian and PostgreSQL's own build have it). Messages name file and line, never a value: services hold passwords.

use std::path::{Path, PathBuf};

use super::ConnectionError;
use super::settings::{Environment, known};
use crate::fs;

/// Where builds of libpq look when `PGSYSCONFDIR` is not set: Debian's, and PostgreSQL's own.
const SYSTEM_FOLDERS: &[&str] = &["/etc/postgresql-common", "/usr/local/pgsql/etc"];

/// Settings by their names, in the order of the file.
type Section = Vec<(&'static str, String)>;

/// Returns the settings of a service.
pub(super) fn find(name: &str, file: Option<&str>, environment: Environment<'_>) -> Result<Section, ConnectionError> {
    let named = file.filter(|it| !it.is_empty()).map(PathBuf::from);
    let own = named.clone().or_else(|| environment("HOME").map(|home| Path::new(&home).join(".pg_service.conf")));
    let system: Vec<PathBuf> = match environment("PGSYSCONFDIR") {
        Some(folder) => vec![PathBuf::from(folder)],
        None => SYSTEM_FOLDERS.iter().map(PathBuf::from).collect(),
    };
    let files = own.into_iter().chain(system.into_iter().map(|it| it.join("pg_service.conf")));
    for path in files {
        let Some(bytes) = fs::read_if_exists(&path)? else {
            if named.as_ref() == Some(&path) {
                return Err(ConnectionError::Setup { message: format!("there is no service file `{}`", path.display()), hint: None });
            }
            continue;
        };
        let text = String::from_utf8_lossy(&bytes);
        if let Some(settings) = section(&text, name).map_err(|(line, message)| ConnectionError::Setup {
            message: format!("{message}, in line {line} of `{}`", path.display()),
            hint: None,
        })? {
            return Ok(settings);
        }
    }
    Err(ConnectionError::Setup {
        message: format!("there is no service `{name}`"),
        hint: Some("services stand in ~/.pg_service.conf, the file of PGSERVICEFILE, or pg_service.conf in PGSYSCONFDIR".to_owned()),
    })
}

/// The settings under `[name]`; `None` where the file has no such heading. An error is a line and what is wrong with it.
fn section(text: &str, name: &str) -> Result<Option<Section>, (usize, String)> {
    let mut settings: Option<Section> = None;
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            // The first of that name counts.
            if settings.is_some() {
                break;
            }
            if line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) == Some(name) {
                settings = Some(Vec::new());
            }
            continue;
        }
        let Some(settings) = &mut settings else { continue };
        let (key, value) = line.split_once('=').ok_or_else(|| (number, "a setting has no `=`".to_owned()))?;
        match known(key.trim()) {
            Some("service" | "servicefile") => return Err((number, "a service can't name another".to_owned())),
            // As with a connection string, the first of a name wins.
            Some(key) if settings.iter().all(|(other, _)| *other != key) => settings.push((key, value.trim().to_owned())),
            Some(_) => {}
            None => return Err((number, "there is a setting that does not exist".to_owned())),
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read() {
        let check = |text: &str, expected: &str| {
            let found = match section(text, "shop") {
                Ok(Some(settings)) => settings.iter().map(|(name, value)| format!("{name}={value};")).collect(),
                Ok(None) => "none".to_owned(),
                Err((line, message)) => format!("{line}: {message}"),
            };
            assert_eq!(found, expected, "{text}");
        };
        check("# c\n[other]\nhost=o\n\n[shop]\n host = h \nport=1\nhost=second\n[shop]\ndbname=d\n", "host=h;port=1;");
        check("[shop]\n", "");
        check("host=x\n", "none");
        check("[shop]\nhost\n", "2: a setting has no `=`");
        check("[shop]\nhosd=x\n", "2: there is a setting that does not exist");
        check("[shop]\nservice=x\n", "2: a service can't name another");
    }
}
