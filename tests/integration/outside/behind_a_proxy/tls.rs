//! TLS in front of the app.

use std::{fs, process::Stdio};

use robyn_ws_tests::{Server, program, within};
use tokio::{
    io::join,
    process::{Child, Command},
};

use super::{
    CLIENT, PATH, Proxy, blocks, nginx_location,
    proxy::{Visited, folder_for, replace, visit_over},
    trusting_app,
};

const HOST: &str = "example.com";

/// OpenSSL's client, which checks the certificate. It lives as long as its pipes.
struct Client {
    child: Child,
}

impl Client {
    async fn visit(&mut self, headers: &[(&str, &str)]) -> Visited {
        let (input, output) = (self.child.stdin.take(), self.child.stdout.take());
        let stream = join(output.expect("a pipe"), input.expect("a pipe"));
        within("a visit", visit_over(stream, &format!("ws://{HOST}{PATH}"), headers)).await
    }
}

#[tokio::test]
async fn block_for_tls_of_nginx_names_scheme_host_and_client() {
    let (Some(openssl), true) = (program("openssl"), program("nginx").is_some()) else {
        return;
    };
    let folder = folder_for(&format!("tls-{}", std::process::id()));
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut certify = Command::new(&openssl);
    certify
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=example.com",
            "-addext",
            "subjectAltName=DNS:example.com",
            "-out",
        ])
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key);
    let certified = certify.output().await.expect("openssl starts");
    assert!(certified.status.success(), "{certified:?}");

    let server = Server::start(trusting_app()).await;
    let mut block = blocks("nginx")[1].to_owned();
    for (on_the_page, here) in [
        ("listen 443 ssl;", "listen ADDRESS ssl;"),
        ("/etc/ssl/example.com.pem", certificate.to_str().expect("a text")),
        ("/etc/ssl/example.com.key", key.to_str().expect("a text")),
        ("# the location", &nginx_location(&server)),
    ] {
        block = replace(&block, on_the_page, here);
    }
    let proxy = Proxy::nginx_server(&block).await.expect("nginx is installed");
    let client = || {
        let child = Command::new(&openssl)
            .args([
                "s_client",
                "-quiet",
                "-verify_return_error",
                "-verify_hostname",
                HOST,
                "-servername",
                HOST,
            ])
            .args(["-bind", CLIENT, "-connect"])
            .arg(proxy.address.to_string())
            .arg("-CAfile")
            .arg(&certificate)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Client {
            child: child.expect("openssl starts"),
        }
    };
    for (origin, expected) in [
        (
            "https://example.com",
            Ok((CLIENT.to_owned(), "THROUGH THE PROXY".to_owned())),
        ),
        // The page was not read over TLS.
        ("http://example.com", Err(403)),
        ("http://example.com:443", Err(403)),
        ("https://example.com:8443", Err(403)),
        ("https://evil.example", Err(403)),
    ] {
        let spoofed = [
            ("origin", origin),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-for", "203.0.113.9"),
        ];
        assert_eq!(client().visit(&spoofed).await, expected, "{origin}");
    }
    fs::remove_dir_all(folder).expect("the folder is still there");
}
