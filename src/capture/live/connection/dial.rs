//! From a target to a session: servers and addresses one after the other, with and without TLS, as libpq tries them.
//!
//! `tokio-postgres` speaks the protocol over a stream that we open: it knows neither `allow`, nor what libpq falls back to, nor
//! whom a socket must belong to.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio_postgres::config::{SslMode as Wire, SslNegotiation};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ConnectionError;
use super::error::innermost;
use super::passfile::{self, Found, Wanted};
use super::target::{Endpoint, Keepalive, SessionAttributes, SslMode, Target};
use super::tls;

/// How the protocol asks for TLS: a length of 8, and 1234 5679 (`SSLRequest` in the manual's "Message Formats").
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// The oldest server that is supported.
const OLDEST: u32 = 13;

/// A session with a server.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) route: Route,
    /// The server's major version.
    pub(super) major: u32,
    /// What the user should know: a password file that was passed over.
    pub(super) warnings: Vec<String>,
}

/// The way that led to a session, to go it a second time.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) endpoint: Endpoint,
    address: Address,
    encrypted: Option<MakeRustlsConnect>,
    direct: bool,
}

#[derive(Clone, Debug)]
enum Address {
    #[cfg(unix)]
    Socket(std::path::PathBuf),
    Tcp(SocketAddr),
}

type Handshake = <MakeRustlsConnect as MakeTlsConnect<Box<dyn Stream>>>::TlsConnect;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens a session with the first server that is as the target wants it.
pub(super) async fn session(target: &Target) -> Result<Session, ConnectionError> {
    let secure = match &target.tls.mode {
        SslMode::Disable => None,
        // Sockets have no TLS, so nothing that it needs has to be there.
        _ if target.endpoints.iter().all(|it| matches!(it, Endpoint::Socket { .. })) => None,
        _ => Some(MakeRustlsConnect::new(tls::configuration(&target.tls)?)),
    };
    let mut endpoints: Vec<_> = target.endpoints.iter().collect();
    if target.shuffle {
        let random = RandomState::new();
        endpoints.sort_by_cached_key(|it| random.hash_one(it.to_string()));
    }
    let mut errors = Vec::new();
    // Who prefers a standby takes what there is, if there is none.
    let wishes: &[SessionAttributes] = match target.session {
        SessionAttributes::PreferStandby => &[SessionAttributes::Standby, SessionAttributes::Any],
        ref one => std::slice::from_ref(one),
    };
    for wish in wishes {
        for endpoint in &endpoints {
            match at_endpoint(target, endpoint, secure.as_ref(), *wish).await {
                Ok(session) => return Ok(session),
                Err(found) => {
                    let goes_on = found.last().is_none_or(ConnectionError::tries_next);
                    errors.extend(found);
                    if !goes_on {
                        return Err(summed(errors));
                    }
                }
            }
        }
    }
    Err(summed(errors))
}

/// Many errors as one. What was tried a second time in vain is told once.
fn summed(mut errors: Vec<ConnectionError>) -> ConnectionError {
    let mut told = Vec::new();
    errors.retain(|it| {
        let text = it.to_string();
        let new = !told.contains(&text);
        told.push(text);
        new
    });
    match errors.pop() {
        Some(only) if errors.is_empty() => only,
        Some(last) => {
            errors.push(last);
            ConnectionError::Several(errors)
        }
        None => ConnectionError::Target { message: "the connection string names no server".to_owned(), hint: None },
    }
}

/// Tries the addresses of a server.
async fn at_endpoint(
    target: &Target,
    endpoint: &Endpoint,
    secure: Option<&MakeRustlsConnect>,
    wish: SessionAttributes,
) -> Result<Session, Vec<ConnectionError>> {
    let addresses = within(target.connect_timeout, endpoint, addresses(endpoint)).await.map_err(|it| vec![it])?;
    let mut errors = Vec::new();
    for address in addresses {
        let route = |encrypted: bool| Route {
            endpoint: endpoint.clone(),
            address: address.clone(),
            encrypted: if encrypted { secure.cloned() } else { None },
            direct: target.tls.direct,
        };
        let is_socket = matches!(endpoint, Endpoint::Socket { .. });
        let ways: &[bool] = match target.tls.mode {
            _ if is_socket => &[false],
            SslMode::Disable => &[false],
            SslMode::Allow => &[false, true],
            SslMode::Prefer => &[true, false],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[true],
        };
        for (at, encrypted) in ways.iter().enumerate() {
            match within(target.connect_timeout, endpoint, over(target, route(*encrypted), wish)).await {
                Ok(session) => return Ok(session),
                Err(error) => {
                    // The other way is worth a try if TLS, or its absence, can be the reason. A wrong password is not sent twice.
                    let by_way = matches!(&error, ConnectionError::Tls { .. })
                        || matches!(&error, ConnectionError::Authentication { reason, .. } if is_about_the_way(reason));
                    let unreachable = matches!(&error, ConnectionError::Unreachable { .. });
                    errors.push(error);
                    if !(by_way && at + 1 < ways.len()) {
                        if !unreachable && errors.last().is_some_and(|it| !it.tries_next()) {
                            return Err(errors);
                        }
                        break;
                    }
                }
            }
        }
    }
    Err(errors)
}

/// Whether a refusal is of those that pg_hba.conf may make for one kind of connection only. The server's code is that of other
/// refusals too; the name of the file stands in the message in every language.
fn is_about_the_way(reason: &str) -> bool {
    reason.contains("pg_hba.conf")
}

async fn within<T>(
    limit: Option<Duration>,
    endpoint: &Endpoint,
    work: impl Future<Output = Result<T, ConnectionError>>,
) -> Result<T, ConnectionError> {
    match limit.filter(|it| !it.is_zero()) {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work)
            .await
            .unwrap_or_else(|_| Err(ConnectionError::Timeout { place: endpoint.to_string(), seconds: limit.as_secs() })),
    }
}

async fn addresses(endpoint: &Endpoint) -> Result<Vec<Address>, ConnectionError> {
    let unreachable = |reason: String| ConnectionError::Unreachable { place: endpoint.to_string(), reason };
    match endpoint {
        #[cfg(unix)]
        Endpoint::Socket { folder, port } => Ok(vec![Address::Socket(Endpoint::socket_file(folder, *port))]),
        #[cfg(not(unix))]
        Endpoint::Socket { .. } => Err(unreachable("this system has no Unix sockets".to_owned())),
        Endpoint::Tcp { address: Some(address), port, .. } => Ok(vec![Address::Tcp(SocketAddr::new(*address, *port))]),
        Endpoint::Tcp { host, port, .. } => {
            let found = lookup_host((host.as_deref().unwrap_or_default(), *port)).await;
            let found: Vec<_> = found.map_err(|error| unreachable(format!("the host is not known: {error}")))?.map(Address::Tcp).collect();
            if found.is_empty() { Err(unreachable("the host has no address".to_owned())) } else { Ok(found) }
        }
    }
}

/// Opens a session over one way.
async fn over(target: &Target, mut route: Route, wish: SessionAttributes) -> Result<Session, ConnectionError> {
    let endpoint = route.endpoint.clone();
    let (password, ignored) = password(target, &endpoint)?;
    let mut config = Config::new();
    config.user(&target.user).dbname(&target.database).application_name(&target.application_name).channel_binding(target.channel_binding);
    if let Some(password) = password {
        config.password(password);
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    let startup = |error: &tokio_postgres::Error| match handshake_error(error) {
        Some(error) => tls_error(&endpoint, error),
        None => ConnectionError::in_startup(error, &endpoint, target, ignored.as_deref()),
    };
    let mut stream = route.open(Some(&target.keepalive), target.peer.as_deref()).await?;
    if route.encrypted.is_some() && !route.server_has_tls(&mut stream).await? {
        if target.tls.mode >= SslMode::Require {
            return Err(ConnectionError::Tls {
                place: endpoint.to_string(),
                reason: "the server has none".to_owned(),
                hint: Some("turn it on with `ssl = on` on the server, or choose a weaker `sslmode`".to_owned()),
            });
        }
        // As libpq does: the server waits for the startup in clear text now.
        route.encrypted = None;
    }
    let (client, version) = match &route.encrypted {
        Some(secure) => {
            config.ssl_mode(Wire::Require).ssl_negotiation(SslNegotiation::Direct);
            let connector = route.handshake(secure)?;
            let (client, connection) = config.connect_raw(stream, connector).await.map_err(|it| startup(&it))?;
            let version = connection.parameter("server_version").map(str::to_owned);
            tokio::spawn(connection);
            (client, version)
        }
        None => {
            config.ssl_mode(Wire::Disable);
            let (client, connection) = config.connect_raw(stream, NoTls).await.map_err(|it| startup(&it))?;
            let version = connection.parameter("server_version").map(str::to_owned);
            tokio::spawn(connection);
            (client, version)
        }
    };
    let place = endpoint.to_string();
    // Every server says its version; one that says none, or something else, is none that we know.
    let version = version.unwrap_or_default();
    let major = version.split(|it: char| !it.is_ascii_digit()).next().and_then(|it| it.parse().ok()).unwrap_or(0);
    if major < OLDEST {
        return Err(ConnectionError::TooOld { place, version });
    }
    check_session(&client, wish, &place).await?;
    Ok(Session {
        client,
        route,
        major,
        warnings: ignored.map(|why| format!("the password file was passed over: {why}")).into_iter().collect(),
    })
}

/// The password for a server, and why a password file was passed over.
fn password(target: &Target, endpoint: &Endpoint) -> Result<(Option<String>, Option<String>), ConnectionError> {
    if let Some(password) = &target.password {
        return Ok((Some(password.expose().to_owned()), None));
    }
    let Some(file) = &target.passfile else { return Ok((None, None)) };
    let host = endpoint.name();
    let wanted = Wanted { host: &host, port: endpoint.port(), database: &target.database, user: &target.user };
    Ok(match passfile::find(file, &wanted)? {
        Found::Password(password) => (Some(password.expose().to_owned()), None),
        Found::Nothing => (None, None),
        Found::Ignored(reason) => (None, Some(reason)),
    })
}

/// Looks whether the server is one of those that are wanted.
async fn check_session(client: &Client, wish: SessionAttributes, place: &str) -> Result<(), ConnectionError> {
    if matches!(wish, SessionAttributes::Any | SessionAttributes::PreferStandby) {
        return Ok(());
    }
    let rows = client
        .simple_query("SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('default_transaction_read_only')")
        .await
        .map_err(|error| ConnectionError::in_query(&error, place, false))?;
    let row = rows.iter().find_map(|it| if let SimpleQueryMessage::Row(row) = it { Some(row) } else { None });
    let is = |column: usize, value: &str| row.and_then(|it| it.get(column)) == Some(value);
    let (standby, read_only) = (is(0, "t"), is(0, "t") || is(1, "on"));
    let (fits, found) = match wish {
        SessionAttributes::Any | SessionAttributes::PreferStandby => (true, ""),
        SessionAttributes::ReadWrite => (!read_only, "is read-only"),
        SessionAttributes::ReadOnly => (read_only, "is not read-only"),
        SessionAttributes::Primary => (!standby, "is a standby"),
        SessionAttributes::Standby => (standby, "is no standby"),
    };
    if fits { Ok(()) } else { Err(ConnectionError::Session { place: place.to_owned(), found }) }
}

impl Route {
    async fn open(&self, keepalive: Option<&Keepalive>, peer: Option<&str>) -> Result<Box<dyn Stream>, ConnectionError> {
        let failed = |error: io::Error| ConnectionError::Unreachable { place: self.endpoint.to_string(), reason: why(&error) };
        match &self.address {
            #[cfg(unix)]
            Address::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await.map_err(failed)?;
                if let Some(peer) = peer {
                    check_peer(&stream, peer, &self.endpoint)?;
                }
                Ok(Box::new(stream))
            }
            Address::Tcp(address) => {
                let _ = peer;
                let stream = TcpStream::connect(address).await.map_err(failed)?;
                // Neither is worth a failure: they make a connection better that works without.
                let _ = stream.set_nodelay(true);
                if let Some(keepalive) = keepalive {
                    keepalive.apply(&stream);
                }
                Ok(Box::new(stream))
            }
        }
    }

    /// Asks the server for TLS, unless it is to begin without a question.
    async fn server_has_tls(&self, stream: &mut Box<dyn Stream>) -> Result<bool, ConnectionError> {
        if self.direct {
            return Ok(true);
        }
        let lost = |error: io::Error| ConnectionError::Unreachable { place: self.endpoint.to_string(), reason: why(&error) };
        stream.write_all(&TLS_REQUEST).await.map_err(lost)?;
        let mut answer = [0];
        // A byte and no more: what came in clear text behind it must not be taken for a part of what is encrypted.
        stream.read_exact(&mut answer).await.map_err(lost)?;
        Ok(answer == *b"S")
    }

    /// Makes ready what does the handshake.
    fn handshake(&self, secure: &MakeRustlsConnect) -> Result<Handshake, ConnectionError> {
        let made = MakeTlsConnect::<Box<dyn Stream>>::make_tls_connect(&mut secure.clone(), &self.endpoint.name());
        made.map_err(|error| ConnectionError::Tls { place: self.endpoint.to_string(), reason: error.to_string(), hint: None })
    }

    /// Asks the server, over a connection of its own, to stop what the session does.
    pub(super) async fn cancel(&self, token: tokio_postgres::CancelToken) -> Result<(), ConnectionError> {
        let failed =
            |error: tokio_postgres::Error| ConnectionError::Unreachable { place: self.endpoint.to_string(), reason: innermost(&error) };
        let mut stream = self.open(None, None).await?;
        match &self.encrypted {
            // The session's own connection had TLS, so a server without it is another one: it gets nothing.
            Some(secure) if self.server_has_tls(&mut stream).await? => {
                token.cancel_query_raw(stream, self.handshake(secure)?).await.map_err(failed)
            }
            Some(_) => Ok(()),
            None => token.cancel_query_raw(stream, NoTls).await.map_err(failed),
        }
    }
}

impl Keepalive {
    fn apply(&self, stream: &TcpStream) {
        let socket = socket2::SockRef::from(stream);
        if self.enabled {
            let mut probes = socket2::TcpKeepalive::new();
            if let Some(idle) = self.idle {
                probes = probes.with_time(idle);
            }
            if let Some(interval) = self.interval {
                probes = probes.with_interval(interval);
            }
            #[cfg(unix)]
            if let Some(count) = self.count {
                probes = probes.with_retries(count);
            }
            let _ = socket.set_tcp_keepalive(&probes);
        }
        #[cfg(target_os = "linux")]
        if let Some(limit) = self.user_timeout {
            let _ = socket.set_tcp_user_timeout(Some(limit));
        }
    }
}

/// Whether the process behind a socket belongs to whom it should: else anybody could have put it there.
#[cfg(unix)]
fn check_peer(stream: &tokio::net::UnixStream, expected: &str, endpoint: &Endpoint) -> Result<(), ConnectionError> {
    let refused =
        |reason: String| ConnectionError::Setup { message: format!("can't trust the server at `{endpoint}`: {reason}"), hint: None };
    let found = stream.peer_cred().map_err(|error| refused(format!("its owner is not known: {error}")))?.uid();
    let passwd = crate::fs::read_to_string("/etc/passwd")?;
    let number = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(expected)).then(|| fields.nth(1).and_then(|it| it.parse::<u32>().ok())).flatten()
    });
    match number {
        Some(number) if number == found => Ok(()),
        Some(_) => Err(refused(format!("`requirepeer` asks for `{expected}`, and it runs as the user with the number {found}"))),
        None => Err(refused(format!("`requirepeer` asks for `{expected}`, and there is no such user"))),
    }
}

/// What the operating system says, without the number that it has for it.
fn why(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

/// What rustls said, where a connection failed because of it.
fn handshake_error(error: &tokio_postgres::Error) -> Option<Arc<rustls::Error>> {
    let mut source = std::error::Error::source(error);
    while let Some(it) = source {
        let inner = it.downcast_ref::<io::Error>().and_then(io::Error::get_ref).and_then(|it| it.downcast_ref::<rustls::Error>());
        if let Some(found) = inner.or_else(|| it.downcast_ref()) {
            return Some(Arc::new(found.clone()));
        }
        source = it.source();
    }
    None
}

fn tls_error(endpoint: &Endpoint, error: Arc<rustls::Error>) -> ConnectionError {
    let (reason, hint) = tls::explain(&error);
    ConnectionError::Tls { place: endpoint.to_string(), reason, hint }
}
