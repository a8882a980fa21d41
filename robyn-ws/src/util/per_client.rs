//! Counts for each client, which is known by its address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
};

/// The network that counts as one client: an IPv4 address, also if mapped to IPv6, or an IPv6 /64 prefix. One customer
/// usually owns all addresses of a /64 prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ClientNetwork(IpAddr);

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address @ IpAddr::V4(_) => address,
        })
    }
}

/// The numbers of things that clients have. A client without any takes no memory.
#[derive(Debug, Default)]
pub(crate) struct PerClient(HashMap<ClientNetwork, usize>);

impl PerClient {
    /// Returns the number of things that the client at this address has.
    pub(crate) fn count(&self, address: IpAddr) -> usize {
        self.0.get(&address.into()).copied().unwrap_or_default()
    }

    /// Counts one more.
    pub(crate) fn add(&mut self, address: IpAddr) {
        *self.0.entry(address.into()).or_default() += 1;
    }

    /// Reverts [`Self::add`].
    pub(crate) fn remove(&mut self, address: IpAddr) {
        let network = address.into();
        if let Some(count) = self.0.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_one_client_are_counted_together_and_others_apart() {
        for (one, same, other) in [
            ("192.0.2.7", "::ffff:192.0.2.7", "192.0.2.8"),
            ("2001:db8:0:1::7", "2001:db8:0:1:ffff::8", "2001:db8:0:2::7"),
        ] {
            let mut counts = PerClient::default();
            counts.add(address(one));
            counts.add(address(same));
            assert_eq!([one, same, other].map(|text| counts.count(address(text))), [2, 2, 0]);
        }
    }

    #[test]
    fn client_that_has_nothing_takes_no_memory() {
        let mut counts = PerClient::default();
        for number in 0..1000 {
            let address = Ipv6Addr::from_bits(number << 64).into();
            counts.add(address);
            counts.add(address);
            counts.remove(address);
            counts.remove(address);
        }
        assert!(counts.0.is_empty());
    }
}
