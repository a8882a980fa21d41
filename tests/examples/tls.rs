//! The example `tls`.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::ring,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async;

use crate::support::Example;

/// A user who accepts the certificate, whichever it is.
#[derive(Debug)]
struct Accepting;

impl ServerCertVerifier for Accepting {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = ring::default_provider();
        provider.signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn tls_echoes_over_a_certificate_of_its_own() {
    let example = Example::start("tls").await;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions of TLS")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Accepting))
        .with_no_client_auth();
    let tcp = TcpStream::connect(example.address())
        .await
        .expect("the example listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let tls = TlsConnector::from(Arc::new(config)).connect(name, tcp).await;
    let tls = tls.expect("the example speaks TLS");
    let (mut socket, _) = client_async("wss://localhost/echo", tls).await.expect("an endpoint");
    socket.send("hi".into()).await.expect("it is open");
    let answer = socket.next().await.expect("an answer").expect("it is open");
    assert_eq!(answer.into_text().expect("a text").as_str(), "encrypted on the way: hi");
    drop(socket);
    example.stop().await;
}
