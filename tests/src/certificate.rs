//! A certificate that the clients of the tests trust.

use std::{
    sync::{Arc, LazyLock},
    time::SystemTime,
};

use rcgen::{CertificateParams, CertifiedKey, KeyPair, generate_simple_self_signed};
use robyn_ws::Tls;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::within;

/// A certificate for `localhost` and `127.0.0.1`, which signs itself, and its key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate in the format PEM.
    pub certificate: String,
    /// The private key in the format PEM.
    pub key: String,
}

static COMMON: LazyLock<Certificate> = LazyLock::new(Certificate::new);

impl Certificate {
    /// Creates a certificate.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("a certificate");
        Self {
            certificate: cert.pem(),
            key: signing_key.serialize_pem(),
        }
    }

    /// Creates a certificate that ends at `end`.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    pub fn until(end: SystemTime) -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.not_after = end.into();
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Returns the certificate of the tests that need no certificate of their own.
    pub fn common() -> &'static Self {
        &COMMON
    }

    /// Returns what `App::tls` takes.
    ///
    /// # Panics
    ///
    /// If it is not taken.
    pub fn tls(&self) -> Tls {
        Tls::from_pem(&self.certificate, &self.key).expect("the certificate is valid")
    }

    /// Returns the configuration of a client that trusts only this certificate and speaks these protocols.
    ///
    /// # Panics
    ///
    /// If the certificate is not valid.
    pub fn client_config(&self, protocols: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("the format PEM");
        roots.add(certificate).expect("a certificate");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    /// Does the handshake of a client that trusts only this certificate.
    ///
    /// # Errors
    ///
    /// If the server shows another certificate, or TCP ends.
    ///
    /// # Panics
    ///
    /// If it takes too long.
    pub async fn handshake(&self, stream: TcpStream, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        // As browsers do. Otherwise the windows of HTTP/2 would wait for delayed acknowledgements.
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::new(self.client_config(protocols)));
        let name = ServerName::try_from("localhost").expect("a name");
        within("the handshake of TLS", connector.connect(name, stream)).await
    }
}
