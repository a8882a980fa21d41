//! Certificates: where they come from, what can be wrong with them, and how they are renewed.

use std::{fs, path::PathBuf, sync::Arc};

use robyn_ws::{Tls, TlsError};
use robyn_ws_tests::{Certificate, Request, Server, probe};

use crate::edge::app;

/// Two files, which are removed when it is dropped.
struct Files {
    folder: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = format!("{}/{name}_{}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        let folder = PathBuf::from(folder);
        fs::create_dir_all(&folder).expect("a folder for tests");
        Self { folder }
    }

    fn write(&self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) {
        fs::write(self.folder.join("cert.pem"), certificate).expect("a file");
        fs::write(self.folder.join("key.pem"), key).expect("a file");
    }

    fn load(&self) -> Result<Tls, TlsError> {
        Tls::from_pem_files(self.folder.join("cert.pem"), self.folder.join("key.pem"))
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // It is in `target`.
    }
}

#[tokio::test]
async fn reload_gives_new_clients_the_new_certificate_and_leaves_live_sockets_alone() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let files = Files::new("reload");
    files.write(&old.certificate, &old.key);
    let tls = files.load().expect("the files are valid");
    let (probe, mut seen) = probe();
    let server = Server::start_as_served(app(probe).tls(tls.clone()), |router| router).await;
    let connect = async |certificate: &Certificate| {
        let stream = certificate.handshake(server.tcp().await, &["http/1.1"]).await?;
        std::io::Result::Ok(Request::upgrade("/edge/noted").connect_over(Box::new(stream)).await)
    };
    let mut live = connect(&old).await.expect("the old certificate");
    seen.expect("connect").await;
    assert!(connect(&new).await.is_err());

    files.write(&new.certificate, "half a key");
    tls.reload().expect_err("the key is not valid");
    connect(&old).await.expect("the old certificate stays").leave().await;

    files.write(&new.certificate, &new.key);
    tls.reload().expect("the files are valid");
    connect(&new).await.expect("the new certificate").ask("hi", "hi").await;
    assert!(connect(&old).await.is_err());
    live.ask("still here", "still here").await;
    live.leave().await;
}

#[tokio::test]
async fn replace_gives_new_clients_a_certificate_that_is_in_no_file() {
    let (old, new) = (Certificate::new(), Certificate::new());
    let tls = old.tls();
    let (probe, _seen) = probe();
    let server = Server::start_as_served(app(probe).tls(tls.clone()), |router| router).await;
    let error = tls.reload().expect_err("it comes from no file");
    assert!(error.to_string().contains("use `Tls::replace`"), "{error}");
    tls.replace(&new.tls());
    assert!(new.handshake(server.tcp().await, &[]).await.is_ok());
    assert!(old.handshake(server.tcp().await, &[]).await.is_err());
}

#[tokio::test]
async fn configuration_of_rustls_is_taken_as_it_is() {
    let certificate = Certificate::new();
    let chain = rustls::pki_types::pem::PemObject::pem_slice_iter(certificate.certificate.as_bytes());
    let key = rustls::pki_types::pem::PemObject::from_pem_slice(certificate.key.as_bytes()).expect("a key");
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .expect("TLS 1.2")
        .with_no_client_auth()
        .with_single_cert(chain.map(|item| item.expect("a certificate")).collect(), key)
        .expect("a pair");
    config.alpn_protocols = vec![b"acme-tls/1".to_vec(), b"http/1.1".to_vec()];
    let (probe, _seen) = probe();
    let app = app(probe).tls(Tls::from_config(Arc::new(config)));
    let server = Server::start_as_served(app, |router| router).await;
    let stream = certificate
        .handshake(server.tcp().await, &["h2", "http/1.1"])
        .await
        .expect("TLS 1.2");
    let session = stream.get_ref().1;
    assert_eq!(session.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_2));
    assert_eq!(
        session.alpn_protocol(),
        Some(&b"http/1.1"[..]),
        "the app does not speak the other one"
    );
    let mut client = Request::upgrade("/edge/echo").connect_over(Box::new(stream)).await;
    client.ask("hi", "hi").await;
}

#[test]
fn error_says_which_file_it_is_about_what_was_found_and_what_was_expected() {
    let files = Files::new("errors");
    let (one, other) = (Certificate::new(), Certificate::new());
    let error = |certificate: &str, key: &str| {
        files.write(certificate, key);
        files.load().expect_err("it is not usable").to_string()
    };
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let garbage = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for (certificate, key, words) in [
        (
            "",
            &*one.key,
            &["cert.pem` has no certificate: found nothing, expected"][..],
        ),
        (
            &*one.key,
            &*one.certificate,
            &["cert.pem` has no certificate: found 1 × `BEGIN PRIVATE KEY`, expected one or more `BEGIN CERTIFICATE`"],
        ),
        (
            &*one.certificate,
            &*one.certificate,
            &["key.pem` has no private key: found 1 × `BEGIN CERTIFICATE`, expected one `BEGIN PRIVATE KEY`"],
        ),
        (
            &*one.certificate,
            "a secret",
            &["key.pem` has no private key: found 8 bytes without a `-----BEGIN …-----`"],
        ),
        (
            &*one.certificate,
            encrypted,
            &["key.pem` has a key with a password", "openssl pkey"],
        ),
        (
            &*one.certificate,
            &one.key.replace(
                "KEY-----\n",
                "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n",
            ),
            &["key.pem` has a key with a password", "openssl pkey"],
        ),
        (
            &*one.certificate,
            &*other.key,
            &[
                "the key in `",
                "key.pem` does not belong to the first certificate in `",
                "cert.pem`",
            ],
        ),
        (garbage, &*one.key, &["cert.pem"]),
        ("0\u{82}binary", &*one.key, &["found", "expected"]),
    ] {
        let error = error(certificate, key);
        for words in words {
            assert!(error.contains(words), "no {words} in {error}");
        }
        assert!(!error.contains("secret"), "{error}");
    }
    let missing = Tls::from_pem_files("no/such/cert.pem", "no/such/key.pem").expect_err("there is none");
    assert!(
        missing.to_string().starts_with("cannot read `no/such/cert.pem`: "),
        "{missing}"
    );
    assert_eq!(format!("{missing:?}"), missing.to_string());
    let unnamed = Tls::from_pem("", "").expect_err("there is none").to_string();
    assert!(
        unnamed.starts_with("the certificate has no certificate: found nothing"),
        "{unnamed}"
    );
}
