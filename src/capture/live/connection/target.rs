//! What a connection string means: which servers, who we are, and what both sides must prove.
//!
//! Defaults and checks are those of libpq 18 (`pqConnectOptions2`). What it can do and we can't is refused by name, never passed over.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ConnectionError;
use super::settings::{ENCODE, Environment, Settings};
use crate::fs::{self, FileKind};

/// The port where none is named.
const DEFAULT_PORT: u16 = 5432;
/// Where servers put their sockets: Debian's folder, and that of PostgreSQL's own build.
const SOCKET_FOLDERS: &[&str] = &["/var/run/postgresql", "/tmp"];

/// Text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// A socket file in a folder.
    Socket { folder: PathBuf, port: u16 },
    /// A host's name, and its address where that is given beside it; one of both there is.
    Tcp { host: Option<String>, address: Option<IpAddr>, port: u16 },
}

impl Endpoint {
    /// The name that certificates and the password file have.
    pub(super) fn name(&self) -> String {
        match self {
            // libpq calls its default folder `localhost` in the password file.
            Self::Socket { folder, .. } if SOCKET_FOLDERS.iter().any(|it| Path::new(it) == folder) => "localhost".to_owned(),
            Self::Socket { folder, .. } => folder.display().to_string(),
            Self::Tcp { host: Some(host), .. } => host.clone(),
            Self::Tcp { host: None, address, .. } => address.map(|it| it.to_string()).unwrap_or_default(),
        }
    }

    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Socket { port, .. } | Self::Tcp { port, .. } => *port,
        }
    }

    /// The socket's file.
    pub(super) fn socket_file(folder: &Path, port: u16) -> PathBuf {
        folder.join(format!(".s.PGSQL.{port}"))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket { folder, port } => write!(f, "{}", Self::socket_file(folder, *port).display()),
            Self::Tcp { port, .. } => {
                let name = self.name();
                if name.contains(':') { write!(f, "[{name}]:{port}") } else { write!(f, "{name}:{port}") }
            }
        }
    }
}

/// How much TLS is asked for, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

/// Whether a client certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CertificateMode {
    Disable,
    Allow,
    Require,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TlsVersion {
    Older,
    V12,
    V13,
}

/// Which of libpq's roots are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those of the operating system.
    System,
    /// A file that must be there.
    File(PathBuf),
    /// `~/.postgresql/root.crt`, where it is there.
    Default(Option<PathBuf>),
}

/// What TLS needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) mode: SslMode,
    /// Without the question of PostgreSQL's own protocol first.
    pub(super) direct: bool,
    pub(super) roots: Roots,
    /// Files with lists of revoked certificates.
    pub(super) revoked: Vec<PathBuf>,
    pub(super) certificate_mode: CertificateMode,
    /// A file, and whether it was named.
    pub(super) certificate: Option<(PathBuf, bool)>,
    pub(super) key: Option<(PathBuf, bool)>,
    pub(super) server_name_indication: bool,
    pub(super) versions: (TlsVersion, TlsVersion),
}

/// Which servers of several are good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionAttributes {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// The probes of an idle TCP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keepalive {
    pub(super) enabled: bool,
    pub(super) idle: Option<Duration>,
    pub(super) interval: Option<Duration>,
    pub(super) count: Option<u32>,
    pub(super) user_timeout: Option<Duration>,
}

/// A database, everything that is needed to reach it settled but the passwords of a password file, which depend on the host.
///
/// Shown, it is where and what, without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) shuffle: bool,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) password: Option<Secret>,
    pub(super) passfile: Option<PathBuf>,
    pub(super) options: Option<String>,
    pub(super) application_name: String,
    pub(super) channel_binding: tokio_postgres::config::ChannelBinding,
    pub(super) connect_timeout: Option<Duration>,
    /// The operating system's user whom a server behind a socket must belong to.
    pub(super) peer: Option<String>,
    pub(super) session: SessionAttributes,
    pub(super) keepalive: Keepalive,
    pub(super) tls: Tls,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places: Vec<_> = self.endpoints.iter().map(ToString::to_string).collect();
        write!(f, "database `{}` at {}", self.database, places.join(", "))
    }
}

impl Target {
    /// Reads a connection string as libpq does, completed from services and the process's environment.
    ///
    /// # Errors
    /// If it is malformed, asks for what can't be, or names a service or a file that can't be read.
    pub fn read(text: &str) -> Result<Self, ConnectionError> {
        Self::read_in(text, &|name| std::env::var(name).ok())
    }

    pub(super) fn read_in(text: &str, environment: Environment<'_>) -> Result<Self, ConnectionError> {
        let settings = Settings::resolve(text, environment)?;
        refuse_unsupported(&settings)?;
        let user = match settings.get("user") {
            Some(user) => user.to_owned(),
            None => whoami::username().map_err(|_| wrong("there is no `user`, and the operating system does not tell its own"))?,
        };
        let home = environment("HOME").filter(|it| !it.is_empty()).map(PathBuf::from);
        let tls = tls(&settings, home.as_deref())?;
        let passfile = settings.get("passfile").map(PathBuf::from).or_else(|| home.map(|it| it.join(".pgpass")));
        Ok(Self {
            endpoints: endpoints(&settings)?,
            shuffle: word(&settings, "load_balance_hosts", &[("disable", false), ("random", true)])?,
            database: settings.get("dbname").unwrap_or(&user).to_owned(),
            user,
            password: settings.get("password").map(|it| Secret::new(it.to_owned())),
            passfile,
            options: settings.get("options").map(str::to_owned),
            application_name: settings
                .get("application_name")
                .or(settings.get("fallback_application_name"))
                .unwrap_or("pgx-goose")
                .to_owned(),
            channel_binding: {
                use tokio_postgres::config::ChannelBinding::{Disable, Prefer, Require};
                word(&settings, "channel_binding", &[("prefer", Prefer), ("disable", Disable), ("require", Require)])?
            },
            connect_timeout: number(&settings, "connect_timeout")?.map(|it: i64| Duration::from_secs(u64::try_from(it).unwrap_or(0))),
            peer: settings.get("requirepeer").map(str::to_owned),
            session: {
                use SessionAttributes::{Any, PreferStandby, Primary, ReadOnly, ReadWrite, Standby};
                word(
                    &settings,
                    "target_session_attrs",
                    &[
                        ("any", Any),
                        ("read-write", ReadWrite),
                        ("read-only", ReadOnly),
                        ("primary", Primary),
                        ("standby", Standby),
                        ("prefer-standby", PreferStandby),
                    ],
                )?
            },
            keepalive: keepalive(&settings)?,
            tls,
        })
    }
}

fn wrong(message: impl Into<String>) -> ConnectionError {
    ConnectionError::Target { message: message.into(), hint: None }
}

/// One of some words, the first by default. A wrong one is not shown: it may be a piece of something else.
fn word<T: Copy>(settings: &Settings, name: &str, words: &[(&str, T)]) -> Result<T, ConnectionError> {
    let Some(value) = settings.get(name) else { return Ok(words[0].1) };
    let found = words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        wrong(format!("`{name}` has a value that it can't have")).hint(format!("it is one of {}", known.join(", ")))
    })
}

fn number<T: std::str::FromStr>(settings: &Settings, name: &str) -> Result<Option<T>, ConnectionError> {
    let parse = |it: &str| it.trim().parse().map_err(|_| wrong(format!("`{name}` is not a number that it can be")));
    settings.get(name).map(parse).transpose()
}

/// What libpq could do with another library, another protocol or another way to prove who one is.
fn refuse_unsupported(settings: &Settings) -> Result<(), ConnectionError> {
    let cannot = |name: &str| Err(wrong(format!("`{name}` is not supported by pgx-goose")));
    let harmless = |name: &str, values: &[&str]| settings.get(name).is_none_or(|it| values.contains(&it));
    if !harmless("gssencmode", &["disable", "prefer"]) {
        return cannot("gssencmode=require");
    }
    if !harmless("replication", &["false", "off", "no", "0"]) {
        return cannot("replication");
    }
    // What a server may ask of us is only seen while it asks.
    for name in ["require_auth", "scram_client_key", "scram_server_key", "oauth_issuer", "oauth_client_id"] {
        if settings.get(name).is_some() {
            return cannot(name);
        }
    }
    Ok(())
}

/// The servers, in the order in which they are tried.
fn endpoints(settings: &Settings) -> Result<Vec<Endpoint>, ConnectionError> {
    let list = |name: &str| settings.get(name).map(|it| it.split(',').map(str::trim).collect::<Vec<_>>());
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = match (&hosts, &addresses) {
        (Some(hosts), Some(addresses)) if hosts.len() != addresses.len() => {
            return Err(wrong(format!("there are {} names in `host`, and {} addresses in `hostaddr`", hosts.len(), addresses.len())));
        }
        (hosts, addresses) => hosts.as_ref().or(addresses.as_ref()).map_or(1, Vec::len),
    };
    let ports = ports.unwrap_or_default();
    if ports.len() > 1 && ports.len() != count {
        return Err(wrong(format!("there are {} ports for {count} hosts", ports.len())));
    }
    (0..count)
        .map(|at| {
            let of =
                |list: &Option<Vec<&str>>| list.as_ref().and_then(|it| it.get(at)).filter(|it| !it.is_empty()).map(|it| (*it).to_owned());
            let port = match ports.get(at).or(ports.first()).copied().unwrap_or_default() {
                "" => DEFAULT_PORT,
                text => text
                    .parse()
                    .ok()
                    .filter(|it| *it > 0)
                    .ok_or_else(|| wrong("a port is not a number from 1 to 65535").hint(format!("in a URL, {ENCODE}")))?,
            };
            let address =
                of(&addresses).map(|it| it.parse::<IpAddr>().map_err(|_| wrong("`hostaddr` is not an IP address"))).transpose()?;
            match of(&hosts) {
                Some(folder) if address.is_none() && folder.starts_with('/') => {
                    Ok(Endpoint::Socket { folder: PathBuf::from(folder), port })
                }
                Some(name) if address.is_none() && name.starts_with('@') => Err(wrong("abstract sockets are not supported by pgx-goose")),
                None if address.is_none() => Ok(default_endpoint(port)),
                host => Ok(Endpoint::Tcp { host, address, port }),
            }
        })
        .collect()
}

/// The server of this machine: the socket that is there, in one of the usual folders.
fn default_endpoint(port: u16) -> Endpoint {
    if cfg!(not(unix)) {
        return Endpoint::Tcp { host: Some("localhost".to_owned()), address: None, port };
    }
    let is_there = |folder: &&&str| matches!(fs::kind(Endpoint::socket_file(Path::new(folder), port)), Ok(Some(FileKind::Other)));
    let folder = SOCKET_FOLDERS.iter().find(is_there).unwrap_or(&SOCKET_FOLDERS[0]);
    Endpoint::Socket { folder: PathBuf::from(folder), port }
}

fn keepalive(settings: &Settings) -> Result<Keepalive, ConnectionError> {
    let duration = |name: &str, unit: fn(u64) -> Duration| -> Result<Option<Duration>, ConnectionError> {
        Ok(number::<i64>(settings, name)?.and_then(|it| u64::try_from(it).ok()).filter(|it| *it > 0).map(unit))
    };
    Ok(Keepalive {
        enabled: number::<i64>(settings, "keepalives")?.is_none_or(|it| it != 0),
        idle: duration("keepalives_idle", Duration::from_secs)?,
        interval: duration("keepalives_interval", Duration::from_secs)?,
        count: number::<u32>(settings, "keepalives_count")?.filter(|it| *it > 0),
        user_timeout: duration("tcp_user_timeout", Duration::from_millis)?,
    })
}

fn tls(settings: &Settings, home: Option<&Path>) -> Result<Tls, ConnectionError> {
    use SslMode::{Allow, Disable, Prefer, Require, VerifyCa, VerifyFull};
    let beside = |name: &str| home.map(|it| it.join(".postgresql").join(name));
    let system = settings.get("sslrootcert") == Some("system");
    let mode = match settings.get("sslmode") {
        None if system => VerifyFull,
        _ => word(
            settings,
            "sslmode",
            &[
                ("prefer", Prefer),
                ("disable", Disable),
                ("allow", Allow),
                ("require", Require),
                ("verify-ca", VerifyCa),
                ("verify-full", VerifyFull),
            ],
        )?,
    };
    if system && mode != VerifyFull {
        return Err(wrong("a weak `sslmode` can't be used with sslrootcert=system").hint("use sslmode=verify-full"));
    }
    let direct = word(settings, "sslnegotiation", &[("postgres", false), ("direct", true)])?;
    if direct && mode < Require {
        return Err(
            wrong("a weak `sslmode` can't be used with sslnegotiation=direct").hint("use sslmode=require, verify-ca or verify-full")
        );
    }
    let versions =
        [("TLSv1", TlsVersion::Older), ("TLSv1.1", TlsVersion::Older), ("TLSv1.2", TlsVersion::V12), ("TLSv1.3", TlsVersion::V13)];
    let version = |name: &str, default: TlsVersion| match settings.get(name) {
        None => Ok(default),
        Some(_) => word(settings, name, &versions),
    };
    let versions = (version("ssl_min_protocol_version", TlsVersion::V12)?, version("ssl_max_protocol_version", TlsVersion::V13)?);
    if versions.0 > versions.1 || versions.1 == TlsVersion::Older {
        return Err(wrong("the range of TLS versions is empty").hint("pgx-goose has TLSv1.2 and TLSv1.3"));
    }
    let mut revoked = Vec::new();
    match (settings.get("sslcrl"), settings.get("sslcrldir")) {
        (None, None) => revoked.extend(beside("root.crl").filter(|it| matches!(fs::kind(it), Ok(Some(FileKind::File))))),
        (file, folder) => {
            revoked.extend(file.map(PathBuf::from));
            if let Some(folder) = folder.map(Path::new) {
                let files = fs::read_dir_sorted(folder)?.into_iter().filter(|it| it.kind == FileKind::File);
                revoked.extend(files.map(|it| folder.join(it.name)));
            }
        }
    }
    let file = |name: &str, default: &str| match settings.get(name) {
        Some(path) => Some((PathBuf::from(path), true)),
        None => beside(default).map(|it| (it, false)),
    };
    Ok(Tls {
        mode,
        direct,
        roots: match settings.get("sslrootcert") {
            Some("system") => Roots::System,
            Some(path) => Roots::File(PathBuf::from(path)),
            None => Roots::Default(beside("root.crt")),
        },
        revoked,
        certificate_mode: {
            use CertificateMode::{Allow, Disable, Require};
            word(settings, "sslcertmode", &[("allow", Allow), ("disable", Disable), ("require", Require)])?
        },
        certificate: file("sslcert", "postgresql.crt"),
        key: file("sslkey", "postgresql.key"),
        server_name_indication: settings.get("sslsni") != Some("0"),
        versions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Target, ConnectionError> {
        Target::read_in(text, &|name| (name == "HOME").then(|| "/nowhere".to_owned()))
    }

    #[test]
    fn servers_are_found_in_their_order() {
        let check = |text: &str, expected: &str| {
            let said = match read(text) {
                Ok(target) => target.endpoints.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
                Err(error) => format!("error: {error}"),
            };
            assert_eq!(said, expected, "{text}");
        };
        check("host=a", "a:5432");
        check("host=a,b port=1", "a:1 b:1");
        check("host=a,b port=1,2", "a:1 b:2");
        check("postgres://a:1,b/d", "a:1 b:5432");
        check("host=/run/pg port=1", "/run/pg/.s.PGSQL.1");
        check("hostaddr=::1 port=1", "[::1]:1");
        check("host=a hostaddr=127.0.0.1", "a:5432");
        check("port=1", "/var/run/postgresql/.s.PGSQL.1");
        check("host=a,b hostaddr=::1", "error: there are 2 names in `host`, and 1 addresses in `hostaddr`");
        check("host=a,b port=1,2,3", "error: there are 3 ports for 2 hosts");
        check("host=a port=0", "error: a port is not a number from 1 to 65535");
        check("postgres://u:geheim/x@h/d", "error: the URL has an `@` in a place where it can't be understood");
        check("hostaddr=x", "error: `hostaddr` is not an IP address");
    }

    #[test]
    fn the_database_is_named_like_the_user() {
        let target = read("host=h user=anna").unwrap();
        assert_eq!(target.to_string(), "database `anna` at h:5432");
        assert_eq!(read("host=h user=anna dbname=shop").unwrap().database, "shop");
    }

    #[test]
    fn impossible_wishes_are_refused() {
        let check =
            |text: &str, expected: &str| assert_eq!(read(text).map(|it| it.to_string()).unwrap_err().to_string(), expected, "{text}");
        check("sslmode=on", "`sslmode` has a value that it can't have");
        check("sslmode=require sslrootcert=system", "a weak `sslmode` can't be used with sslrootcert=system");
        check("sslnegotiation=direct", "a weak `sslmode` can't be used with sslnegotiation=direct");
        check("ssl_max_protocol_version=TLSv1.1", "the range of TLS versions is empty");
        check("gssencmode=require", "`gssencmode=require` is not supported by pgx-goose");
        check("require_auth=none", "`require_auth` is not supported by pgx-goose");
        check("connect_timeout=soon", "`connect_timeout` is not a number that it can be");
        check("target_session_attrs=best", "`target_session_attrs` has a value that it can't have");
    }

    #[test]
    fn system_roots_mean_full_verification() {
        assert_eq!(read("sslrootcert=system").unwrap().tls.mode, SslMode::VerifyFull);
        assert_eq!(read("").unwrap().tls.mode, SslMode::Prefer);
    }

    #[test]
    fn secrets_are_not_shown() {
        let target = read("postgres://anna:geheim@h/shop?sslpassword=geheim").unwrap();
        assert!(!format!("{target:?} {target}").contains("geheim"));
        assert_eq!(target.password.as_ref().map(Secret::expose), Some("geheim"));
    }
}
