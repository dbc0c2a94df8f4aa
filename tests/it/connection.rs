//! The ways to a server, through the program: connection strings, the environment, files, TLS; and what is said, word for word,
//! where a way is barred. Every run talks as much as it can, and none may say the password.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::server::{self, Server, Setup};
use crate::tool;

/// What must not be seen anywhere. It has what has to be quoted, escaped or encoded.
const PASSWORD: &str = "ge'h:e@i/m?t% \\x";
const ENCODED: &str = "ge%27h%3Ae%40i%2Fm%3Ft%25%20%5Cx";
const QUOTED: &str = r"'ge\'h:e@i/m?t% \\x'";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("connection::ways", || Ok(ways()?)),
        Trial::test("connection::certificates", || Ok(certificates()?)),
        Trial::test("connection::faults", || Ok(faults()?)),
        Trial::test("connection::stopped", || Ok(stopped()?)),
    ]
}

/// A server of its own, and a folder for the files of its clients.
struct World {
    server: Server,
    port: u16,
    folder: PathBuf,
}

impl World {
    fn start(topic: &str, settings: &str, files: &[(&str, String)]) -> Result<Self, String> {
        // A port that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).map_err(|e| e.to_string())?.port();
        let myself = myself();
        let hba = format!(
            "local all {myself} peer\n\
             local all sockets scram-sha-256\n\
             hostssl all holder 127.0.0.1/32 cert\n\
             hostssl all encrypted 127.0.0.1/32 scram-sha-256\n\
             hostnossl all plain 127.0.0.1/32 scram-sha-256\n\
             host all barred,encrypted,plain,holder 127.0.0.1/32 reject\n\
             host all old 127.0.0.1/32 md5\n\
             host all clear 127.0.0.1/32 password\n\
             host all free 127.0.0.1/32 trust\n\
             host all all 127.0.0.1/32 scram-sha-256\n"
        );
        let settings = format!("listen_addresses = '127.0.0.1'\npassword_encryption = 'scram-sha-256'\n{settings}");
        let server = server::own_server(&Setup { settings: &settings, hba: &hba, files, port })?;
        let password = PASSWORD.replace('\'', "''");
        let mut script = format!(
            "SET standard_conforming_strings = on; CREATE ROLE \"{myself}\" LOGIN; CREATE DATABASE shop; CREATE DATABASE shut; REVOKE CONNECT ON DATABASE shut FROM PUBLIC;"
        );
        // Every server has an `anna`.
        script.push_str(&format!("ALTER ROLE anna LOGIN PASSWORD '{password}';"));
        for role in ["sockets", "holder", "encrypted", "plain", "barred", "clear", "free"] {
            script.push_str(&format!("CREATE ROLE {role} LOGIN PASSWORD '{password}';"));
        }
        script.push_str(&format!("SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD '{password}';"));
        // `CREATE DATABASE` can't be in a transaction with others, and psql sends one statement at a time.
        server.psql("postgres", &script)?;
        Ok(Self { server, port, folder: tool::workplace(topic) })
    }

    /// Writes a file that only we can read.
    fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.folder.join(name);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600))).map_err(|e| e.to_string())?;
        Ok(path)
    }

    /// What the program says of a connection string: `ok`, or exit code and message.
    fn say(&self, target: &str, variables: &[(&str, &str)]) -> Result<String, String> {
        let home = self.folder.join("home").display().to_string();
        let mut variables = variables.to_vec();
        if variables.iter().all(|(name, _)| *name != "HOME") {
            variables.push(("HOME", &home));
        }
        let ran = tool::run_with(&self.folder, &["--debug", "graph", target], &variables)?;
        let all = format!("{}\n{}", ran.stdout, ran.stderr);
        for secret in [PASSWORD, ENCODED, QUOTED, "ge'h", "ge%27h", r"ge\'h"] {
            assert!(!all.contains(secret), "`{target}` says the password:\n{all}");
        }
        let said: Vec<_> = ran.stderr.lines().filter(|it| !it.starts_with("DEBUG ")).collect();
        let said = said.join("\n").replace(&self.port.to_string(), "PORT").replace(&self.server.folder().display().to_string(), "SOCKETS");
        let said = said.replace(&self.folder.display().to_string(), "HERE");
        // The words of servers before 14.
        let said = said.replace(", SSL off", ", no encryption").replace(", SSL on", ", SSL encryption");
        Ok(match (ran.code, said.as_str()) {
            (0, "") => "ok".to_owned(),
            (code, said) => format!("{code}: {said}"),
        })
    }
}

/// Compares what was said with what was expected, for all cases before failing.
#[derive(Default)]
struct Cases(Vec<String>);

impl Cases {
    fn check(&mut self, case: &str, said: Result<String, String>, expected: &str) {
        match said {
            Ok(said) if said == expected => {}
            Ok(said) => self.0.push(format!("{case}\n  expected {expected}\n  found    {said}")),
            Err(why) => self.0.push(format!("{case}\n  {why}")),
        }
    }

    fn done(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0.join("\n")) }
    }
}

fn ways() -> Result<(), String> {
    let world = World::start("connection_ways", "", &[])?;
    let (port, sockets) = (world.port, world.server.folder().display().to_string());
    let mut cases = Cases::default();
    let mut good = |target: &str, variables: &[(&str, &str)]| cases.check(target, world.say(target, variables), "ok");

    // Where.
    good(&format!("postgres://anna:{ENCODED}@127.0.0.1:{port}/shop"), &[]);
    good(&format!("postgresql://anna:{ENCODED}@localhost:{port}/shop?application_name=x&connect_timeout=9"), &[]);
    good(&format!("host=127.0.0.1 port={port} dbname=shop user=anna password={QUOTED}"), &[]);
    good(&format!("host=nowhere.invalid hostaddr=127.0.0.1 port={port} dbname=shop user=anna password={QUOTED}"), &[]);
    good(&format!("host={sockets} port={port} user=sockets dbname=shop password={QUOTED}"), &[]);
    let encoded_folder = sockets.replace('/', "%2F");
    good(&format!("postgres://sockets:{ENCODED}@{encoded_folder}:{port}/shop"), &[]);
    good(&format!("host={sockets} port={port} dbname=shop"), &[]);
    good(&format!("postgres:///shop?host={sockets}&port={port}"), &[]);
    good(&format!("host={sockets} port={port} dbname=shop requirepeer={}", if is_root() { "postgres".to_owned() } else { myself() }), &[]);
    good(
        &format!(
            "host=127.0.0.1 port={port} dbname=shop user=anna keepalives_idle=5 keepalives_interval=1 keepalives_count=3 tcp_user_timeout=9000 password={QUOTED}"
        ),
        &[],
    );

    // How one proves who one is.
    for user in ["old", "clear", "free", "plain"] {
        good(&format!("host=127.0.0.1 port={port} dbname=shop user={user} password={QUOTED}"), &[]);
    }
    good(&format!("host=127.0.0.1 port={port} dbname=shop user=anna channel_binding=disable password={QUOTED}"), &[]);

    // The environment.
    let port_text = port.to_string();
    let environment =
        [("PGHOST", "127.0.0.1"), ("PGPORT", port_text.as_str()), ("PGDATABASE", "shop"), ("PGUSER", "anna"), ("PGPASSWORD", PASSWORD)];
    good("postgres://", &environment);
    good("application_name=x", &environment);
    good(
        "postgres://",
        &[&environment[..], &[("PGSSLMODE", "disable"), ("PGCONNECT_TIMEOUT", "5"), ("PGOPTIONS", "-c geqo=off")]].concat(),
    );

    // The password file: named, in the environment, at home.
    let line = |host: &str| format!("# passwords\n{host}:{port}:shop:*:{}\n", PASSWORD.replace('\\', r"\\").replace(':', r"\:"));
    let passfile = world.file("passwords", &line("127.0.0.1"))?;
    let target = format!("host=127.0.0.1 port={port} dbname=shop user=anna");
    good(&format!("{target} passfile={}", passfile.display()), &[]);
    good(&target, &[("PGPASSFILE", &passfile.display().to_string())]);
    world.file("with/.pgpass", &line("127.0.0.1"))?;
    good(&target, &[("HOME", &world.folder.join("with").display().to_string())]);
    let for_socket = world.file("socket_passwords", &line(&sockets))?;
    good(&format!("host={sockets} port={port} dbname=shop user=sockets passfile={}", for_socket.display()), &[]);

    // Services.
    let service = format!(
        "[other]\nhost=nowhere.invalid\n\n# ours\n[shop]\nhost=127.0.0.1\nport={port}\ndbname=shop\nuser=anna\npassword={PASSWORD}\n"
    );
    let services = world.file("services", &service)?.display().to_string();
    good("service=shop", &[("PGSERVICEFILE", &services)]);
    good("postgres://?service=shop", &[("PGSERVICEFILE", &services)]);
    good("postgres://", &[("PGSERVICEFILE", &services), ("PGSERVICE", "shop")]);
    good(&format!("service=shop servicefile={services}"), &[]);
    good("service=shop user=free", &[("PGSERVICEFILE", &services)]);
    world.file("with/.pg_service.conf", &service)?;
    good("service=shop", &[("HOME", &world.folder.join("with").display().to_string())]);
    world.file("system/pg_service.conf", &service)?;
    good("service=shop", &[("PGSYSCONFDIR", &world.folder.join("system").display().to_string())]);

    // Several servers: the first is not there.
    let free = free_port()?;
    good(&format!("postgres://anna:{ENCODED}@127.0.0.1:{free},127.0.0.1:{port}/shop"), &[]);
    good(&format!("host=127.0.0.1,127.0.0.1 port={free},{port} dbname=shop user=anna password={QUOTED} load_balance_hosts=random"), &[]);
    for attributes in ["any", "read-write", "primary", "prefer-standby"] {
        good(&format!("host=127.0.0.1 port={port} dbname=shop user=anna target_session_attrs={attributes} password={QUOTED}"), &[]);
    }
    good(
        &format!(
            "host=127.0.0.1 port={port} dbname=shop user=anna target_session_attrs=read-only password={QUOTED} options='-c default_transaction_read_only=on'"
        ),
        &[],
    );

    // A password file that others can read is passed over, and that is said.
    fs::set_permissions(&passfile, fs::Permissions::from_mode(0o640)).map_err(|e| e.to_string())?;
    let open = "the password file was passed over: `HERE/passwords` can be read by others; its permissions should be u=rw (0600) or less";
    cases.check(
        "open password file",
        world.say(&format!("{target} passfile={}", passfile.display()), &[]),
        &format!(
            "4: error: the server at `127.0.0.1:PORT` does not let in `anna`: it asks for a password, and there is none\nhint: {open}"
        ),
    );
    cases.check(
        "open password file that is not needed",
        world.say(&format!("host=127.0.0.1 port={port} dbname=shop user=free passfile={}", passfile.display()), &[]),
        &format!("0: warning: {open}"),
    );
    cases.done()
}

fn faults() -> Result<(), String> {
    let world = World::start("connection_faults", "max_connections = 10\n", &[])?;
    let port = world.port;
    let target = format!("host=127.0.0.1 port={port} dbname=shop user=anna");
    let mut cases = Cases::default();
    let mut bad = |target: &str, expected: &str| cases.check(target, world.say(target, &[]), expected);

    // Who.
    bad(
        &format!("{target} password=wrong"),
        "4: error: the server at `127.0.0.1:PORT` does not let in `anna`: password authentication failed for user \"anna\"\n\
         hint: look at the user and at where the password comes from: the connection string, PGPASSWORD, ~/.pgpass",
    );
    bad(
        &target,
        "4: error: the server at `127.0.0.1:PORT` does not let in `anna`: it asks for a password, and there is none\n\
         hint: give it in PGPASSWORD, or in a line of ~/.pgpass",
    );
    bad(
        &format!("host=127.0.0.1 port={port} dbname=shop user=barred password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` does not let in `barred`: pg_hba.conf rejects connection for host \"127.0.0.1\", user \"barred\", database \"shop\", no encryption\n\
         hint: who may come in, from where and how, stands in pg_hba.conf on the server",
    );
    bad(
        &format!("host=127.0.0.1 port={port} dbname=shut user=anna password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` does not let in `anna`: permission denied for database \"shut\"\n\
         hint: the owner can allow it with `GRANT CONNECT ON DATABASE … TO anna`",
    );
    bad(
        &format!("{target} channel_binding=require sslmode=disable password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` does not let in `anna`: server did not use channel binding\n\
         hint: channel_binding=require needs TLS and a SCRAM password on the server",
    );

    // What.
    bad(
        &format!("host=127.0.0.1 port={port} dbname=shoop user=anna password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` has no database `shoop`\nhint: look at its name; `psql -l` lists the databases of a server",
    );
    bad(
        &format!("{target} target_session_attrs=standby password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` is no standby, which is not what `target_session_attrs` asks for\n\
         hint: name more servers, or another `target_session_attrs`",
    );
    bad(
        &format!("{target} options='-c no_such_setting=1' password={QUOTED}"),
        "4: error: the server at `127.0.0.1:PORT` refuses the connection: unrecognized configuration parameter \"no_such_setting\"",
    );

    // TLS that the server does not have.
    bad(
        &format!("{target} sslmode=require password={QUOTED}"),
        "4: error: no TLS with the server at `127.0.0.1:PORT`: the server has none\n\
         hint: turn it on with `ssl = on` on the server, or choose a weaker `sslmode`",
    );
    bad(
        &format!("{target} sslmode=verify-full password={QUOTED}"),
        "4: error: there is no root certificate file `HERE/home/.postgresql/root.crt`\n\
         hint: provide the file, trust the system's roots with sslrootcert=system, or choose an `sslmode` that does not verify",
    );

    // Where.
    let free = free_port()?;
    let look = "hint: look whether the server runs and listens there, and whether host and port are right";
    bad(
        &format!("postgres://anna:{ENCODED}@127.0.0.1:{free}/shop"),
        &format!("4: error: can't reach a server at `127.0.0.1:{free}`: connection refused\n{look}"),
    );
    bad(
        &format!("host=127.0.0.1,/no/such/folder port={free} user=anna password={QUOTED}"),
        &format!(
            "4: error: none of the servers could be used: can't reach a server at `127.0.0.1:{free}`: connection refused; \
             can't reach a server at `/no/such/folder/.s.PGSQL.{free}`: no such file or directory\n{look}"
        ),
    );
    let unknown = world.say(&format!("postgres://anna:{ENCODED}@nowhere.invalid/shop"), &[])?;
    assert!(unknown.starts_with("4: error: can't reach a server at `nowhere.invalid:5432`: the host is not known: "), "{unknown}");

    // A server that takes the call and is silent, and one that speaks another language.
    let silent = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let silent_port = silent.local_addr().map_err(|e| e.to_string())?.port();
    bad(
        &format!("host=127.0.0.1 port={silent_port} user=anna connect_timeout=1 password={QUOTED}"),
        &format!(
            "4: error: the server at `127.0.0.1:{silent_port}` did not answer within 1 s\n\
             hint: look at the network between, or wait longer with connect_timeout=… (in seconds)"
        ),
    );
    let other = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let other_port = other.local_addr().map_err(|e| e.to_string())?.port();
    std::thread::spawn(move || {
        for stream in other.incoming().flatten().take(2) {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let foreign = world.say(&format!("host=127.0.0.1 port={other_port} user=anna sslmode=disable password={QUOTED}"), &[])?;
    assert!(foreign.starts_with(&format!("4: error: can't reach a server at `127.0.0.1:{other_port}`: ")), "{foreign}");

    // The string itself.
    let encode = "hint: in a user, a password or a database, `@` is written %40, `:` %3A, `/` %2F, `?` %3F, `#` %23, `%` %25";
    bad(
        &format!("postgres://anna:{PASSWORD}@127.0.0.1/shop"),
        &format!("2: error: a setting after the `?` of the URL is not `name=value`\n{encode}"),
    );
    bad(
        &format!("password={PASSWORD} host=h"),
        "2: error: the connection string has a word without `=` after the value of `password`\n\
         hint: write host=… dbname=… user=…; a value with spaces stands in single quotes",
    );
    bad(
        "hots=h host=h",
        "4: error: there is no file or folder `hots=h host=h`\nhint: a source is a DDL file, a folder, a .pgsnap file, `-`, git:REV:PATH or a database (postgres://…)",
    );
    bad("host=h prot=1", "2: error: the connection string has a setting that does not exist\nhint: did you mean `port`?");
    bad(
        "host=h sslmode=on",
        "2: error: `sslmode` has a value that it can't have\nhint: it is one of prefer, disable, allow, require, verify-ca, verify-full",
    );
    bad(
        "service=none",
        "4: error: there is no service `none`\nhint: services stand in ~/.pg_service.conf, the file of PGSERVICEFILE, or pg_service.conf in PGSYSCONFDIR",
    );
    let services = world.file("services", &format!("[shop]\nhost=h\n{PASSWORD}\n"))?;
    bad(&format!("service=shop servicefile={}", services.display()), "4: error: a setting has no `=`, in line 3 of `HERE/services`");
    cases.done()
}

/// Certificates that a test makes.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, as PEM.
struct Identity {
    certificate: String,
    key: String,
    serial: Option<SerialNumber>,
}

type Made<T> = Result<T, rcgen::Error>;

impl Authority {
    fn new(name: &str) -> Made<Self> {
        let mut parameters = CertificateParams::new(Vec::new())?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self { issuer: CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)? })
    }

    fn signs(&self, name: &str, alter: impl FnOnce(&mut CertificateParams)) -> Made<Identity> {
        let mut parameters = CertificateParams::new(vec![name.to_owned()])?;
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.serial_number = Some(SerialNumber::from_slice(&[1 + u8::try_from(name.len()).unwrap_or(0)]));
        alter(&mut parameters);
        let key = KeyPair::generate()?;
        let issuer: &Issuer<'_, KeyPair> = &self.issuer;
        let certificate = parameters.signed_by(&key, issuer)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem(), serial: parameters.serial_number })
    }

    fn revokes(&self, identity: &Identity) -> Made<String> {
        let revoked = identity.serial.iter().map(|serial| RevokedCertParams {
            serial_number: serial.clone(),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(4000, 1, 1),
            crl_number: SerialNumber::from_slice(&[1]),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&*self.issuer)?.pem()
    }
}

fn certificates() -> Result<(), String> {
    let made = |error: rcgen::Error| error.to_string();
    let (ours, theirs) = (Authority::new("our authority").map_err(made)?, Authority::new("their authority").map_err(made)?);
    let good = ours.signs("localhost", |_| {}).map_err(made)?;
    let expired = ours
        .signs("localhost", |it| (it.not_before, it.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1)))
        .map_err(made)?;
    let elsewhere = ours.signs("elsewhere.example.com", |_| {}).map_err(made)?;
    let foreign = theirs.signs("localhost", |_| {}).map_err(made)?;
    // As PostgreSQL's manual makes one with `openssl req -x509`: it signed itself, and calls itself an authority.
    let own = {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).map_err(made)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(made)?;
        let certificate = parameters.self_signed(&key).map_err(made)?;
        Identity { certificate: certificate.pem(), key: key.serialize_pem(), serial: None }
    };
    let client = |authority: &Authority, name: &str| {
        authority.signs(name, |it| it.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]).map_err(made)
    };
    let (holder, impostor) = (client(&ours, "holder")?, client(&theirs, "holder")?);

    let mut files = vec![("ca.crt", ours.issuer.pem())];
    let servers = [("good", &good), ("expired", &expired), ("elsewhere", &elsewhere), ("foreign", &foreign), ("own", &own)];
    let names: Vec<_> = servers.iter().map(|(name, _)| (format!("{name}.crt"), format!("{name}.key"))).collect();
    for ((certificate, key), (_, identity)) in names.iter().zip(&servers) {
        files.push((certificate, identity.certificate.clone()));
        files.push((key, identity.key.clone()));
    }
    let settings = "ssl = on\nssl_ca_file = 'ca.crt'\nssl_cert_file = 'good.crt'\nssl_key_file = 'good.key'\n";
    let world = World::start("connection_certificates", settings, &files)?;
    let port = world.port;
    let show = |name: &str| {
        let change =
            format!("ALTER SYSTEM SET ssl_cert_file = '{name}.crt'; ALTER SYSTEM SET ssl_key_file = '{name}.key'; SELECT pg_reload_conf()");
        world.server.psql("postgres", &change)?;
        let shown = || world.server.psql("postgres", "SHOW ssl_key_file");
        while shown()?.trim() != format!("{name}.key") {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok::<(), String>(())
    };
    let root = |name: &str, text: &str| world.file(name, text).map(|it| it.display().to_string());
    let (ca, other_ca, own_ca) =
        (root("ca.crt", &ours.issuer.pem())?, root("other.crt", &theirs.issuer.pem())?, root("own.crt", &own.certificate)?);
    let key_file = |name: &str, identity: &Identity| -> Result<(PathBuf, PathBuf), String> {
        Ok((world.file(&format!("{name}.crt"), &identity.certificate)?, world.file(&format!("{name}.key"), &identity.key)?))
    };
    let (holder_crt, holder_key) = key_file("holder", &holder)?;
    let (impostor_crt, impostor_key) = key_file("impostor", &impostor)?;
    let revoked = root("revoked.crl", &ours.revokes(&good).map_err(made)?)?;
    let not_revoked = root("other.crl", &ours.revokes(&elsewhere).map_err(made)?)?;

    let target =
        |user: &str, more: &str| format!("host=localhost hostaddr=127.0.0.1 port={port} dbname=shop user={user} password={QUOTED} {more}");
    let mut cases = Cases::default();
    let mut check =
        |user: &str, more: &str, expected: &str| cases.check(&format!("{user} {more}"), world.say(&target(user, more), &[]), expected);
    let place = "no TLS with the server at `localhost:PORT`";

    // Each mode, with users whom the server wants to see in one way only.
    for mode in ["allow", "prefer", "require"] {
        check("encrypted", &format!("sslmode={mode}"), "ok");
    }
    for mode in ["disable", "allow", "prefer"] {
        check("plain", &format!("sslmode={mode}"), "ok");
    }
    let barred = |user: &str, how: &str| {
        format!(
            "4: error: the server at `localhost:PORT` does not let in `{user}`: pg_hba.conf rejects connection for host \"127.0.0.1\", user \"{user}\", database \"shop\", {how}\n\
             hint: who may come in, from where and how, stands in pg_hba.conf on the server"
        )
    };
    check("encrypted", "sslmode=disable", &barred("encrypted", "no encryption"));
    check("plain", "sslmode=require", &barred("plain", "SSL encryption"));
    for more in [
        format!("sslmode=verify-ca sslrootcert={ca}"),
        format!("sslmode=verify-full sslrootcert={ca}"),
        format!("sslmode=require sslrootcert={ca}"),
        format!("sslmode=verify-full sslrootcert={ca} ssl_min_protocol_version=TLSv1.3"),
        format!("sslmode=verify-full sslrootcert={ca} ssl_max_protocol_version=TLSv1.2"),
        format!("sslmode=verify-full sslrootcert={ca} sslcrl={not_revoked}"),
        "sslmode=require channel_binding=require".to_owned(),
        format!("sslmode=verify-full sslrootcert={ca} channel_binding=require ssl_max_protocol_version=TLSv1.2"),
        "sslmode=require channel_binding=disable sslsni=0".to_owned(),
    ] {
        check("anna", &more, "ok");
    }

    // Whom to trust.
    let unknown = format!(
        "4: error: {place}: its certificate is not signed by a root that is trusted\nhint: name the file of the root that signed it with sslrootcert=…"
    );
    check("anna", &format!("sslmode=verify-ca sslrootcert={other_ca}"), &unknown);
    check("anna", &format!("sslmode=require sslrootcert={other_ca}"), &unknown);
    check("anna", "sslrootcert=system", &unknown);
    check(
        "anna",
        &format!("sslmode=verify-ca sslrootcert={ca} sslcrl={revoked}"),
        &format!("4: error: {place}: its certificate is revoked\nhint: the server needs a new certificate"),
    );
    check(
        "anna",
        &format!("sslmode=verify-ca sslrootcert={}", holder_key.display()),
        "4: error: there is no certificate in `HERE/holder.key`",
    );
    check(
        "anna",
        "sslmode=verify-ca sslrootcert=/no/such/file",
        "4: error: there is no root certificate file `/no/such/file`\n\
         hint: provide the file, trust the system's roots with sslrootcert=system, or choose an `sslmode` that does not verify",
    );

    // Our own certificate.
    let with_key = format!("sslcert={} sslkey={}", holder_crt.display(), holder_key.display());
    check("holder", &format!("sslmode=require {with_key}"), "ok");
    check("holder", &format!("sslmode=verify-full sslrootcert={ca} {with_key}"), "ok");
    let no_certificate = "4: error: the server at `localhost:PORT` does not let in `holder`: connection requires a valid client certificate\n\
                          hint: who may come in, from where and how, stands in pg_hba.conf on the server";
    check("holder", "sslmode=require", no_certificate);
    check("holder", &format!("sslmode=require sslcertmode=disable {with_key}"), no_certificate);
    check("holder", "sslmode=require sslcertmode=require", "4: error: sslcertmode=require needs a client certificate, and there is none");
    check(
        "holder",
        &format!("sslmode=require sslcert={}", holder_crt.display()),
        "4: error: there is the certificate `HERE/holder.crt`, but not the private key of it",
    );
    let refused = world
        .say(&target("holder", &format!("sslmode=require sslcert={} sslkey={}", impostor_crt.display(), impostor_key.display())), &[])?;
    assert!(refused.starts_with(&format!("4: error: {place}: ")), "{refused}");
    fs::set_permissions(&holder_key, fs::Permissions::from_mode(0o644)).map_err(|e| e.to_string())?;
    check(
        "holder",
        &format!("sslmode=require {with_key}"),
        "4: error: the private key `HERE/holder.key` can be read by others\n\
         hint: its permissions should be u=rw (0600) or less, or u=rw,g=r (0640) where root owns it",
    );
    world.file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")?;
    check(
        "holder",
        &format!("sslmode=require sslcert={} sslkey={}", holder_crt.display(), world.folder.join("locked.key").display()),
        "4: error: the private key `HERE/locked.key` is encrypted, which is not supported by pgx-goose\n\
         hint: write it without a password with `openssl pkey -in client.key -out plain.key`, readable by you alone",
    );

    // Roots and certificates in the home folder.
    world.file("home/.postgresql/root.crt", &ours.issuer.pem())?;
    world.file("home/.postgresql/postgresql.crt", &holder.certificate)?;
    world.file("home/.postgresql/postgresql.key", &holder.key)?;
    check("holder", "sslmode=verify-full", "ok");
    fs::remove_dir_all(world.folder.join("home")).map_err(|e| e.to_string())?;

    // Servers that are not what they should be.
    show("elsewhere")?;
    check("anna", &format!("sslmode=verify-ca sslrootcert={ca}"), "ok");
    check(
        "anna",
        &format!("sslmode=verify-full sslrootcert={ca}"),
        &format!(
            "4: error: {place}: its certificate is for another host\nhint: connect by a name that is in the certificate (subject alternative names; a common name alone doesn't count)"
        ),
    );
    show("expired")?;
    let expired = format!("4: error: {place}: its certificate is expired\nhint: the server needs a new certificate");
    check("anna", &format!("sslmode=verify-ca sslrootcert={ca}"), &expired);
    check("anna", &format!("sslmode=verify-full sslrootcert={ca}"), &expired);
    check("anna", "sslmode=require", "ok");
    show("foreign")?;
    check("anna", &format!("sslmode=verify-full sslrootcert={ca}"), &unknown);
    check("anna", "sslmode=require", "ok");
    show("own")?;
    check("anna", "sslmode=require channel_binding=require", "ok");
    check("anna", &format!("sslmode=verify-full sslrootcert={ca}"), &unknown);
    check("anna", &format!("sslmode=verify-full sslrootcert={own_ca}"), "ok");
    cases.done()
}

/// What happens to a run that waits for the server: here for a table that another session has locked.
fn stopped() -> Result<(), String> {
    let world = World::start("connection_stopped", "", &[])?;
    let (server, port) = (&world.server, world.port);
    server.psql("shop", "CREATE TABLE locked (a int); INSERT INTO locked VALUES (1); ANALYZE locked")?;
    let target = format!("host=127.0.0.1 port={port} dbname=shop user=anna password={QUOTED}");
    let create = ["snapshot", "create", "--with-stats", "-o", "shop.pgsnap"];
    tool::run(&world.folder, &[&create[..], &[&target]].concat())?.ok()?;
    let snapshot = world.folder.join("shop.pgsnap");
    let old = fs::read(&snapshot).map_err(|e| e.to_string())?;

    std::thread::scope(|scope| {
        let holder = scope.spawn(|| server.psql("shop", "SET application_name = 'holder'; BEGIN; LOCK TABLE locked; SELECT pg_sleep(600)"));
        let result = (|| {
            wait_until(|| {
                Ok(server.psql("shop", "SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass AND granted")?.trim() == "1")
            })?;
            // Starts a run, waits until it waits, does something to it, and returns what it says.
            let waiting = |options: &str, then: &dyn Fn(u32) -> Result<(), String>| -> Result<(Option<i32>, String), String> {
                let target = format!("{target} options='{options}'");
                let mut command = tool::command(&world.folder);
                command.args(create).arg(&target).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
                let child = command.spawn().map_err(|e| e.to_string())?;
                if options.is_empty() {
                    let waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgx-goose' AND wait_event_type = 'Lock'";
                    wait_until(|| Ok(server.psql("shop", waits)?.trim() == "1"))?;
                }
                then(child.id())?;
                let output = child.wait_with_output().map_err(|e| e.to_string())?;
                if fs::read(&snapshot).map_err(|e| e.to_string())? != old {
                    return Err("the old snapshot is not as it was".to_owned());
                }
                let said = String::from_utf8_lossy(&output.stderr).replace(&port.to_string(), "PORT");
                Ok((output.status.code(), said))
            };
            let kill = |signal: &str, process: u32| {
                Command::new("kill").arg(signal).arg(process.to_string()).status().map(drop).map_err(|e| e.to_string())
            };

            let said = waiting("", &|process| kill("-INT", process))?;
            same(&said, &(Some(130), "error: the query was cancelled\n".to_owned()))?;
            wait_until(|| {
                Ok(server.psql("shop", "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pgx-goose'")?.trim() == "0")
            })?;

            let said = waiting("-c lock_timeout=100", &|_| Ok(()))?;
            let expected = "error: an object is locked by another session for longer than may be waited: canceling statement due to lock timeout\n\
                            hint: try again when that session is done, or raise `timeouts.lock`\n";
            same(&said, &(Some(4), expected.to_owned()))?;

            let said = waiting("-c statement_timeout=100", &|_| Ok(()))?;
            let expected = "error: the server at `127.0.0.1:PORT` ended a query: canceling statement due to statement timeout\n\
                            hint: try again when there is less load, or raise `timeouts.statement`\n";
            same(&said, &(Some(4), expected.to_owned()))?;

            let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pgx-goose'";
            let said = waiting("", &|_| server.psql("shop", terminate).map(drop))?;
            let expected = "error: the connection to `127.0.0.1:PORT` was lost\nhint: try again; the server's log may say why\n";
            same(&said, &(Some(4), expected.to_owned()))?;
            Ok::<(), String>(())
        })();
        let _ = server.psql("shop", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'");
        let _ = holder.join();
        result
    })
}

/// No assertion: the session that holds the lock must be ended before the test fails.
fn same(said: &(Option<i32>, String), expected: &(Option<i32>, String)) -> Result<(), String> {
    if said == expected { Ok(()) } else { Err(format!("expected {expected:?}\nfound    {said:?}")) }
}

fn wait_until(mut holds: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    for _ in 0..600 {
        if holds()? {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    Err("what the test waits for does not happen".to_owned())
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).map(|it| it.port()).map_err(|e| e.to_string())
}

fn myself() -> String {
    let output = Command::new("id").arg("-un").output().map(|it| it.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

fn is_root() -> bool {
    myself() == "root" || Path::new("/root").read_dir().is_ok()
}
