//! The settings of a connection under libpq's names: from a connection string, a service, the environment, in this order.
//!
//! The grammar is that of libpq's `conninfo_parse` and `conninfo_uri_parse` (PostgreSQL 18, `src/interfaces/libpq/fe-connect.c`)
//! with one difference: a URL of which a part of the password would be taken for something else (an `@` or `/` that is not
//! percent-encoded) is refused, since whatever that something is would be shown in errors. For the same reason no message
//! here shows a value. What the settings mean is [`super::target`]'s.

use std::collections::BTreeMap;
use std::fmt;

use super::ConnectionError;
use super::service;

/// A setting that libpq knows.
struct Keyword {
    name: &'static str,
    /// The environment variable that sets it; empty for none.
    variable: &'static str,
}

const fn keyword(name: &'static str, variable: &'static str) -> Keyword {
    Keyword { name, variable }
}

/// All settings of libpq 18, from `PQconninfoOptions` there.
const KEYWORDS: &[Keyword] = &[
    keyword("application_name", "PGAPPNAME"),
    keyword("authtype", ""),
    keyword("channel_binding", "PGCHANNELBINDING"),
    keyword("client_encoding", "PGCLIENTENCODING"),
    keyword("connect_timeout", "PGCONNECT_TIMEOUT"),
    keyword("dbname", "PGDATABASE"),
    keyword("fallback_application_name", ""),
    keyword("gssdelegation", "PGGSSDELEGATION"),
    keyword("gssencmode", "PGGSSENCMODE"),
    keyword("gsslib", "PGGSSLIB"),
    keyword("host", "PGHOST"),
    keyword("hostaddr", "PGHOSTADDR"),
    keyword("keepalives", ""),
    keyword("keepalives_count", ""),
    keyword("keepalives_idle", ""),
    keyword("keepalives_interval", ""),
    keyword("krbsrvname", "PGKRBSRVNAME"),
    keyword("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    keyword("max_protocol_version", "PGMAXPROTOCOLVERSION"),
    keyword("min_protocol_version", "PGMINPROTOCOLVERSION"),
    keyword("oauth_client_id", ""),
    keyword("oauth_client_secret", ""),
    keyword("oauth_issuer", ""),
    keyword("oauth_scope", ""),
    keyword("options", "PGOPTIONS"),
    keyword("passfile", "PGPASSFILE"),
    keyword("password", "PGPASSWORD"),
    keyword("port", "PGPORT"),
    keyword("replication", ""),
    keyword("require_auth", "PGREQUIREAUTH"),
    keyword("requirepeer", "PGREQUIREPEER"),
    keyword("scram_client_key", ""),
    keyword("scram_server_key", ""),
    keyword("service", "PGSERVICE"),
    keyword("servicefile", "PGSERVICEFILE"),
    keyword("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    keyword("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    keyword("sslcert", "PGSSLCERT"),
    keyword("sslcertmode", "PGSSLCERTMODE"),
    keyword("sslcompression", "PGSSLCOMPRESSION"),
    keyword("sslcrl", "PGSSLCRL"),
    keyword("sslcrldir", "PGSSLCRLDIR"),
    keyword("sslkey", "PGSSLKEY"),
    keyword("sslkeylogfile", ""),
    keyword("sslmode", "PGSSLMODE"),
    keyword("sslnegotiation", "PGSSLNEGOTIATION"),
    keyword("sslpassword", ""),
    keyword("sslrootcert", "PGSSLROOTCERT"),
    keyword("sslsni", "PGSSLSNI"),
    keyword("target_session_attrs", "PGTARGETSESSIONATTRS"),
    keyword("tcp_user_timeout", ""),
    keyword("tty", ""),
    keyword("user", "PGUSER"),
];

/// Settings of pgx, which the guide's users may have in their connection strings. They change nothing here.
const PGX: &[&str] = &[
    "default_query_exec_mode",
    "description_cache_capacity",
    "pool_health_check_period",
    "pool_max_conn_idle_time",
    "pool_max_conn_lifetime",
    "pool_max_conn_lifetime_jitter",
    "pool_max_conns",
    "pool_min_conns",
    "pool_min_idle_conns",
    "search_path",
    "statement_cache_capacity",
];

/// Reads a variable of the environment. A function, so that tests have an environment of their own.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Values by the names of libpq's settings.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Settings(BTreeMap<&'static str, String>);

impl fmt::Debug for Settings {
    /// Names only: some values are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Settings {
    /// Reads a connection string, and completes it from its service and the environment.
    pub(super) fn resolve(text: &str, environment: Environment<'_>) -> Result<Self, ConnectionError> {
        let mut settings = Self::parse(text)?;
        settings.complete_from_service(environment)?;
        for keyword in KEYWORDS.iter().filter(|it| !it.variable.is_empty()) {
            if let Some(value) = environment(keyword.variable) {
                settings.0.entry(keyword.name).or_insert(value);
            }
        }
        // An older spelling, which libpq still reads.
        if environment("PGREQUIRESSL").is_some_and(|it| it.starts_with('1')) {
            settings.0.entry("sslmode").or_insert_with(|| "require".to_owned());
        }
        Ok(settings)
    }

    fn parse(text: &str) -> Result<Self, ConnectionError> {
        match ["postgresql://", "postgres://"].iter().find_map(|it| text.strip_prefix(it)) {
            Some(rest) => url(rest),
            None => words(text),
        }
    }

    fn complete_from_service(&mut self, environment: Environment<'_>) -> Result<(), ConnectionError> {
        let Some(name) = self.0.get("service").cloned().or_else(|| environment("PGSERVICE")).filter(|it| !it.is_empty()) else {
            return Ok(());
        };
        let file = self.get("servicefile").map(str::to_owned).or_else(|| environment("PGSERVICEFILE"));
        for (name, value) in service::find(&name, file.as_deref(), environment)? {
            self.0.entry(name).or_insert(value);
        }
        Ok(())
    }

    /// The value of a setting; an empty one is none, as libpq has it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|it| !it.is_empty())
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), ConnectionError> {
        if let Some(name) = known(name) {
            self.0.insert(name, value);
            return Ok(());
        }
        if PGX.contains(&name) {
            return Ok(());
        }
        // The name may be a part of a password that was not quoted, so it is shown only where it looks like a mistyped name.
        match nearest(name) {
            Some(nearest) => {
                Err(malformed("the connection string has a setting that does not exist").hint(format!("did you mean `{nearest}`?")))
            }
            None => Err(malformed("the connection string has a setting that does not exist")
                .hint("settings are those of libpq: host, port, dbname, user, sslmode …; a value with spaces stands in single quotes")),
        }
    }
}

/// Whether a text begins as a connection string does, rather than as a file's name: with a URL's scheme, or a setting.
pub fn is_connection_string(text: &str) -> bool {
    let word = |text: &str| {
        let (name, _) = text.split_once('=')?;
        known(name.trim()).or_else(|| PGX.iter().find(|it| **it == name.trim()).copied())
    };
    text.starts_with("postgres://") || text.starts_with("postgresql://") || word(text).is_some()
}

/// The setting of that name, as the table has it.
pub(super) fn known(name: &str) -> Option<&'static str> {
    KEYWORDS.iter().map(|it| it.name).find(|it| *it == name)
}

fn nearest(name: &str) -> Option<&'static str> {
    let distance = |it: &&str| strsim::damerau_levenshtein(it, name);
    KEYWORDS.iter().map(|it| it.name).filter(|it| distance(it) <= 2).min_by_key(distance)
}

fn malformed(message: &str) -> ConnectionError {
    ConnectionError::Target { message: message.to_owned(), hint: None }
}

/// `name = value` by spaces; a value may stand in single quotes, and a backslash takes what follows as it is.
fn words(text: &str) -> Result<Settings, ConnectionError> {
    let mut settings = Settings::default();
    let mut characters = text.chars().peekable();
    let mut last = None;
    loop {
        while characters.next_if(|it| it.is_ascii_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return Ok(settings);
        }
        let mut name = String::new();
        while let Some(it) = characters.next_if(|it| *it != '=' && !it.is_ascii_whitespace()) {
            name.push(it);
        }
        while characters.next_if(|it| it.is_ascii_whitespace()).is_some() {}
        if characters.next() != Some('=') {
            let place = last.map_or_else(|| "at its beginning".to_owned(), |it| format!("after the value of `{it}`"));
            return Err(malformed(&format!("the connection string has a word without `=` {place}"))
                .hint("write host=… dbname=… user=…; a value with spaces stands in single quotes"));
        }
        while characters.next_if(|it| it.is_ascii_whitespace()).is_some() {}
        let mut value = String::new();
        let quoted = characters.next_if_eq(&'\'').is_some();
        loop {
            match characters.next_if(|it| quoted || !it.is_ascii_whitespace()) {
                Some('\\') => value.extend(characters.next()),
                Some('\'') if quoted => break,
                Some(it) => value.push(it),
                None if quoted => return Err(malformed("the connection string ends within single quotes")),
                None => break,
            }
        }
        settings.set(&name, value)?;
        last = known(&name);
    }
}

/// What follows the scheme: `[user[:password]@][host][:port][,…][/dbname][?name=value[&…]]`.
fn url(rest: &str) -> Result<Settings, ConnectionError> {
    let mut settings = Settings::default();
    let (before, parameters) = rest.split_once('?').map_or((rest, None), |(before, after)| (before, Some(after)));
    let (authority, path) = before.split_once('/').map_or((before, None), |(authority, path)| (authority, Some(path)));
    let ambiguous = authority.matches('@').count() > 1
        || (path.is_some_and(|it| it.contains('@')) && !authority.contains('@'))
        || (parameters.is_some_and(|it| it.split(['=', '&']).next().is_some_and(|it| it.contains('@'))) && !authority.contains('@'));
    if ambiguous {
        return Err(malformed("the URL has an `@` in a place where it can't be understood").hint(ENCODE));
    }
    let hosts = match authority.split_once('@') {
        Some((who, hosts)) => {
            let (user, password) = who.split_once(':').map_or((who, None), |(user, password)| (user, Some(password)));
            if !user.is_empty() {
                settings.set("user", decoded(user, "user")?)?;
            }
            if let Some(password) = password {
                settings.set("password", decoded(password, "password")?)?;
            }
            hosts
        }
        None => authority,
    };
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(v6) => {
                let (address, rest) = v6.split_once(']').ok_or_else(|| malformed("the URL has a `[` without a `]`"))?;
                match rest.strip_prefix(':') {
                    Some(port) => (address, port),
                    None if rest.is_empty() => (address, ""),
                    None => return Err(malformed("the URL has something else than a port after a `]`").hint(ENCODE)),
                }
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decoded(name, "host")?);
        ports.push(decoded(port, "port")?);
    }
    if names.iter().any(|it| !it.is_empty()) {
        settings.set("host", names.join(","))?;
    }
    if ports.iter().any(|it| !it.is_empty()) {
        settings.set("port", ports.join(","))?;
    }
    if let Some(path) = path.filter(|it| !it.is_empty()) {
        settings.set("dbname", decoded(path, "dbname")?)?;
    }
    for parameter in parameters.unwrap_or_default().split('&').filter(|it| !it.is_empty()) {
        let (name, value) = parameter
            .split_once('=')
            .filter(|(_, value)| !value.contains('='))
            .ok_or_else(|| malformed("a setting after the `?` of the URL is not `name=value`").hint(ENCODE))?;
        let (name, value) = (decoded(name, "a setting's name")?, decoded(value, "a setting")?);
        // The spelling of JDBC, which libpq reads in URLs.
        match (name.as_str(), value.as_str()) {
            ("ssl", "true") => settings.set("sslmode", "require".to_owned())?,
            _ => settings.set(&name, value)?,
        }
    }
    Ok(settings)
}

pub(super) const ENCODE: &str = "in a user, a password or a database, `@` is written %40, `:` %3A, `/` %2F, `?` %3F, `#` %23, `%` %25";

fn decoded(text: &str, what: &str) -> Result<String, ConnectionError> {
    let wrong =
        || malformed(&format!("the URL has a `%` without two hexadecimal digits, or bytes that are no text, in {what}")).hint(ENCODE);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |it: Option<u8>| it.and_then(|it| char::from(it).to_digit(16)).and_then(|it| u8::try_from(it).ok());
        match (digit(rest.next()), digit(rest.next())) {
            (Some(high), Some(low)) if high | low != 0 => bytes.push(high << 4 | low),
            _ => return Err(wrong()),
        }
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match Settings::parse(text) {
            Ok(settings) => settings.0.iter().map(|(name, value)| format!("{name}={value};")).collect(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn words_are_read_as_libpq_reads_them() {
        let check = |text: &str, expected: &str| assert_eq!(parsed(text), expected, "{text}");
        check("host=a port=1", "host=a;port=1;");
        check("  host = a\tdbname='b c' ", "dbname=b c;host=a;");
        check(r"password='it\'s \\ ' user=a\ b", r"password=it's \ ;user=a b;");
        check("host='' user=", "host=;user=;");
        check("host=a host=b", "host=b;");
        check("", "");
        check("host=a'b", "host=a'b;");
        check("host", "error: the connection string has a word without `=` at its beginning");
        check("host=a password=my pass word", "error: the connection string has a word without `=` after the value of `password`");
        check("host='a", "error: the connection string ends within single quotes");
        check("hosd=a", "error: the connection string has a setting that does not exist");
        check("host=h pool_max_conns=10 search_path=app", "host=h;");
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        let check = |text: &str, expected: &str| assert_eq!(parsed(text), expected, "{text}");
        // Those of libpq's own tests, src/interfaces/libpq/t/001_uri.pl.
        check("postgresql://uri-user:secret@host:12345/db", "dbname=db;host=host;password=secret;port=12345;user=uri-user;");
        check("postgresql://uri-user@host/db", "dbname=db;host=host;user=uri-user;");
        check("postgresql://host:12345/", "host=host;port=12345;");
        check("postgresql://", "");
        check("postgresql://host/db?user=uri-user", "dbname=db;host=host;user=uri-user;");
        check("postgresql://?user=uri-user&port=12345", "port=12345;user=uri-user;");
        check("postgresql://host?user=uri-user", "host=host;user=uri-user;");
        check("postgresql://%68ost/db%2Fx", "dbname=db/x;host=host;");
        check("postgresql://[200z:db8::1234]:77/", "host=200z:db8::1234;port=77;");
        check("postgresql://[::1]", "host=::1;");
        check("postgres://%2Fvar%2Flib%2Fpostgresql/dbname", "dbname=dbname;host=/var/lib/postgresql;");
        check("postgresql:///tmp", "dbname=tmp;");
        check("postgresql://@host", "host=host;");
        check("postgresql://:@", "password=;");
        check("postgres://h1:1,h2,h3:3/db", "dbname=db;host=h1,h2,h3;port=1,,3;");
        check("postgresql://host?ssl=true", "host=host;sslmode=require;");
        check("postgresql://h?options=-c%20geqo%3Doff", "host=h;options=-c geqo=off;");
        check("postgresql://host?zzz", "error: a setting after the `?` of the URL is not `name=value`");
        check("postgresql://host?sslmode=a=b", "error: a setting after the `?` of the URL is not `name=value`");
        check("postgresql://[::1", "error: the URL has a `[` without a `]`");
        check("postgresql://[::1]z", "error: the URL has something else than a port after a `]`");
        for text in ["postgresql://%", "postgresql://%1", "postgresql://%1z", "postgresql://%00", "postgresql://%ff"] {
            assert!(parsed(text).starts_with("error: the URL has a `%` without"), "{text}");
        }
    }

    #[test]
    fn a_password_that_is_not_encoded_is_never_shown() {
        for text in [
            "postgres://u:s3cr@t@h/db",
            "postgres://u:s3cr/t@h/db",
            "postgres://u:12/s3cret@h/db",
            "postgres://u:s3cret?@h/db",
            "postgres://u:s3cret%@h/db",
            "postgres://u:[s3cret@h/db",
            "password=s3cret s3cret host=h",
            "password=x s3cret=h",
            "password='s3cret",
        ] {
            let said = match Settings::resolve(text, &|_| None) {
                Ok(settings) => format!("{settings:?}"),
                Err(error) => format!("{error} {error:?} {:?}", error.advice()),
            };
            assert!(!said.contains("s3cr"), "{text}: {said}");
        }
    }

    #[test]
    fn what_is_said_wins_over_the_environment() {
        let environment = |name: &str| match name {
            "PGHOST" => Some("env".to_owned()),
            "PGUSER" => Some("anna".to_owned()),
            "PGREQUIRESSL" => Some("1".to_owned()),
            _ => None,
        };
        let settings = Settings::resolve("host=said dbname=d", &environment).unwrap();
        let of = |name| settings.get(name).unwrap_or("-");
        assert_eq!((of("host"), of("user"), of("dbname"), of("sslmode"), of("port")), ("said", "anna", "d", "require", "-"));
    }

    #[test]
    fn connection_strings_are_told_from_files() {
        for text in ["postgres://h/db", "postgresql:///db", "service=x", "host=h dbname=d", "password = x", "sslmode=require host=h"] {
            assert!(is_connection_string(text), "{text}");
        }
        for text in ["schema.sql", "-", "db/", "a=b.sql", "postgres", "git:HEAD:x", "./host=x"] {
            assert!(!is_connection_string(text), "{text}");
        }
    }
}
