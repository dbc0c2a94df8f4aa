//! What libpq's `sslmode`, certificates and keys mean for rustls.
//!
//! As libpq has it, a certificate chain is checked whenever there are roots to check it with (also with `sslmode=require`), and the
//! host's name with `verify-full` only. Signatures are always checked, without roots too: channel binding rests on the server's
//! having the key of the certificate that it shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::ConnectionError;
use super::target::{CertificateMode, Roots, SslMode, Tls, TlsVersion};
use crate::fs::{self, FileKind};

/// The protocol's name within TLS, which servers from 17 on ask for with direct negotiation.
const PROTOCOL: &[u8] = b"postgresql";

/// Puts together what a handshake needs. Files that are needed and can't be used are errors here, before any server is asked.
pub(super) fn configuration(tls: &Tls) -> Result<ClientConfig, ConnectionError> {
    let provider = Arc::new(ring::default_provider());
    let versions: Vec<_> = [(TlsVersion::V12, &rustls::version::TLS12), (TlsVersion::V13, &rustls::version::TLS13)]
        .into_iter()
        .filter(|(version, _)| (tls.versions.0..=tls.versions.1).contains(version))
        .map(|(_, it)| it)
        .collect();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(|error| setup(format!("these versions of TLS can't be used: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(tls, provider)?));
    let mut configuration = match client_certificate(tls)? {
        Some((certificates, key)) => builder
            .with_client_auth_cert(certificates, key)
            .map_err(|error| setup(format!("the client certificate and its key can't be used: {error}")))?,
        None => builder.with_no_client_auth(),
    };
    configuration.alpn_protocols = vec![PROTOCOL.to_vec()];
    configuration.enable_sni = tls.server_name_indication;
    Ok(configuration)
}

fn setup(message: String) -> ConnectionError {
    ConnectionError::Setup { message, hint: None }
}

/// How a server's certificate is checked.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// The check of the chain; `None` without roots.
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// The roots as they are.
    roots: Vec<CertificateDer<'static>>,
    /// Whether the host's name must be in the certificate.
    names: bool,
}

impl Verifier {
    fn new(tls: &Tls, provider: Arc<CryptoProvider>) -> Result<Self, ConnectionError> {
        let names = tls.mode == SslMode::VerifyFull;
        let roots = roots(tls)?;
        let Some(roots) = roots else { return Ok(Self { provider, chain: None, roots: Vec::new(), names }) };
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots.iter().cloned());
        let mut lists = Vec::new();
        for path in &tls.revoked {
            let bytes = fs::read(path)?;
            for list in CertificateRevocationListDer::pem_slice_iter(&bytes) {
                lists.push(list.map_err(|error| setup(format!("`{}` is no list of revoked certificates: {error}", path.display())))?);
            }
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
            .with_crls(lists)
            .build()
            .map_err(|error| setup(format!("the root certificates can't be used: {error}")))?;
        Ok(Self { provider, chain: Some(chain), roots, names })
    }
}

/// The certificates that are trusted; `None` where none is there and none is asked for.
fn roots(tls: &Tls) -> Result<Option<Vec<CertificateDer<'static>>>, ConnectionError> {
    let missing = |path: &Path| ConnectionError::Setup {
        message: format!("there is no root certificate file `{}`", path.display()),
        hint: Some(
            "provide the file, trust the system's roots with sslrootcert=system, or choose an `sslmode` that does not verify".to_owned(),
        ),
    };
    let path = match &tls.roots {
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            if found.certs.is_empty() {
                let why: Vec<_> = found.errors.iter().map(ToString::to_string).collect();
                return Err(setup(format!("the operating system has no root certificates: {}", why.join(", "))));
            }
            return Ok(Some(found.certs));
        }
        Roots::File(path) if fs::kind(path)?.is_none() => {
            // libpq passes over a file that isn't there unless it is to verify.
            return if tls.mode >= SslMode::VerifyCa { Err(missing(path)) } else { Ok(None) };
        }
        Roots::File(path) => path,
        Roots::Default(Some(path)) if matches!(fs::kind(path), Ok(Some(FileKind::File))) => path,
        Roots::Default(path) if tls.mode >= SslMode::VerifyCa => {
            return Err(missing(path.as_deref().unwrap_or(Path::new("~/.postgresql/root.crt"))));
        }
        Roots::Default(_) => return Ok(None),
    };
    Ok(Some(certificates(path)?))
}

/// The certificates of a file, of which there must be one at least.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectionError> {
    let bytes = fs::read(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(setup(format!("there is no certificate in `{}`", path.display()))),
        Err(error) => Err(setup(format!("`{}` holds no certificates in PEM form: {error}", path.display()))),
    }
}

/// The certificate that we show, and its key.
fn client_certificate(tls: &Tls) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>, ConnectionError> {
    if tls.certificate_mode == CertificateMode::Disable {
        return Ok(None);
    }
    let Some(certificate) = usable(tls.certificate.as_ref())? else {
        if tls.certificate_mode == CertificateMode::Require {
            return Err(setup("sslcertmode=require needs a client certificate, and there is none".to_owned()));
        }
        return Ok(None);
    };
    let Some(key) = usable(tls.key.as_ref())? else {
        return Err(setup(format!("there is the certificate `{}`, but not the private key of it", certificate.display())));
    };
    check_permissions(key)?;
    let bytes = fs::read(key)?;
    let encrypted = [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"];
    if encrypted.iter().any(|mark| bytes.windows(mark.len()).any(|it| it == *mark)) {
        return Err(ConnectionError::Setup {
            message: format!("the private key `{}` is encrypted, which is not supported by pgx-goose", key.display()),
            hint: Some("write it without a password with `openssl pkey -in client.key -out plain.key`, readable by you alone".to_owned()),
        });
    }
    let private =
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| setup(format!("`{}` holds no private key in PEM form", key.display())))?;
    Ok(Some((certificates(certificate)?, private)))
}

/// A file that is there; `None` where it was not named and isn't.
fn usable(file: Option<&(PathBuf, bool)>) -> Result<Option<&Path>, ConnectionError> {
    let Some((path, named)) = file else { return Ok(None) };
    match fs::kind(path) {
        Ok(Some(_)) => Ok(Some(path)),
        Ok(None) if *named => Err(setup(format!("there is no file `{}`", path.display()))),
        Err(error) if *named => Err(error.into()),
        // The usual place may be in a folder that isn't ours.
        Ok(None) | Err(_) => Ok(None),
    }
}

/// A key that others can read is no key. The rule is libpq's: 0600, or 0640 where root owns it.
fn check_permissions(key: &Path) -> Result<(), ConnectionError> {
    let Some(permissions) = fs::permissions(key)? else { return Ok(()) };
    let forbidden = if permissions.owner == 0 { 0o037 } else { 0o077 };
    if permissions.mode & forbidden == 0 {
        return Ok(());
    }
    Err(ConnectionError::Setup {
        message: format!("the private key `{}` can be read by others", key.display()),
        hint: Some("its permissions should be u=rw (0600) or less, or u=rw,g=r (0640) where root owns it".to_owned()),
    })
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: all else is good.
            Err(rustls::Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }))
                if !self.names =>
            {
                Ok(ServerCertVerified::assertion())
            }
            // A certificate that signed itself and is its own root, as PostgreSQL's manual makes them. OpenSSL takes it; webpki
            // refuses it for this reason alone, and after having looked at its dates.
            Err(rustls::Error::InvalidCertificate(why))
                if calls_itself_an_authority(&why) && self.roots.iter().any(|it| it.as_ref() == end_entity.as_ref()) =>
            {
                if self.names {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            answer => answer,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether a server's certificate is refused because it is that of an authority.
fn calls_itself_an_authority(why: &CertificateError) -> bool {
    let CertificateError::Other(other) = why else { return false };
    other.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// What was wrong in a handshake, for people, and what to do.
pub(super) fn explain(error: &rustls::Error) -> (String, Option<String>) {
    use CertificateError as C;
    let rustls::Error::InvalidCertificate(why) = error else {
        return (error.to_string(), None);
    };
    let (reason, hint) = match why {
        why if *why == C::UnknownIssuer || calls_itself_an_authority(why) => {
            ("its certificate is not signed by a root that is trusted", "name the file of the root that signed it with sslrootcert=…")
        }
        C::Expired | C::ExpiredContext { .. } => ("its certificate is expired", "the server needs a new certificate"),
        C::NotValidYet | C::NotValidYetContext { .. } => ("its certificate is not valid yet", "look at the clocks of both machines"),
        C::NotValidForName | C::NotValidForNameContext { .. } => (
            "its certificate is for another host",
            "connect by a name that is in the certificate (subject alternative names; a common name alone doesn't count)",
        ),
        C::Revoked => ("its certificate is revoked", "the server needs a new certificate"),
        C::UnknownRevocationStatus => {
            ("the lists of revoked certificates don't cover its certificate", "provide the list of every authority in the chain")
        }
        _ => return (error.to_string(), None),
    };
    (reason.to_owned(), Some(hint.to_owned()))
}
