//! The addresses of the servers.

use std::{fmt, io};

use async_nats::{Client, ConnectOptions, ServerAddr, ToServerAddrs};
use tokio::time::timeout;

use crate::backplane::nats::PATIENCE;

/// The addresses of the servers, without credentials.
#[derive(Clone)]
pub(super) struct Servers {
    given: Vec<ServerAddr>,
    /// Those of the cluster that the last server has named.
    discovered: Vec<ServerAddr>,
}

impl Servers {
    /// Takes the addresses, and moves the credentials of the first one that has some to the options. The client ignores
    /// those in addresses, and logs them.
    pub(super) fn new(addresses: &impl ToServerAddrs, options: ConnectOptions) -> io::Result<(Self, ConnectOptions)> {
        let mut credentials = None;
        let mut given = Vec::new();
        for address in addresses.to_server_addrs()? {
            let name = address.username().map(decoded);
            credentials = credentials.or(name.map(|name| (name, address.password().map(decoded))));
            given.push(without_credentials(address)?);
        }
        if given.is_empty() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no address"));
        }
        let options = match credentials {
            Some((name, Some(password))) => options.user_and_password(name, password),
            Some((token, None)) => options.token(token),
            None => options,
        };
        let discovered = Vec::new();
        Ok((Self { given, discovered }, options))
    }

    pub(super) fn all(&self) -> Vec<ServerAddr> {
        self.given.iter().chain(&self.discovered).cloned().collect()
    }

    /// Takes the other servers of the cluster, unless the options of the client say otherwise.
    pub(super) async fn discover(&mut self, client: &Client) {
        let Ok(Ok(pool)) = timeout(PATIENCE, client.server_pool()).await else {
            return; // The connection is lost already.
        };
        let named: Vec<ServerAddr> = client
            .server_info()
            .connect_urls
            .iter()
            .filter_map(|url| url.parse().ok())
            .collect();
        let pool = pool.into_iter().map(|server| server.addr);
        self.discovered = pool
            .filter(|address| named.contains(address) && !self.given.contains(address))
            .collect();
    }
}

/// The hosts and ports, for errors and the log.
impl fmt::Display for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.given.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let (host, port) = (address.host(), address.port());
            if host.contains(':') {
                write!(f, "{separator}[{host}]:{port}")?;
            } else {
                write!(f, "{separator}{host}:{port}")?;
            }
        }
        Ok(())
    }
}

fn without_credentials(address: ServerAddr) -> io::Result<ServerAddr> {
    let mut url = address.into_inner();
    // An address without a host cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    ServerAddr::from_url(url)
}

/// Decodes the percent-encoding of a part of an address.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let encoded = behind.get(..2).filter(|_| first == b'%');
        let digits = encoded.and_then(|digits| str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_an_address_go_to_the_options_and_nowhere_else() {
        let address = "nats://anna:p%40ss%25@127.0.0.1:4333";
        let (servers, _) = Servers::new(&address, ConnectOptions::new()).expect("it is valid");
        assert_eq!(servers.to_string(), "127.0.0.1:4333");
        assert_eq!(servers.all()[0].as_url_str(), "nats://127.0.0.1:4333");
        assert_eq!(decoded("p%40ss%25"), "p@ss%");
        assert_eq!(decoded("100%"), "100%");
    }

    #[test]
    fn list_without_addresses_is_an_error() {
        let none: Vec<ServerAddr> = Vec::new();
        assert!(Servers::new(&none, ConnectOptions::new()).is_err());
    }
}
