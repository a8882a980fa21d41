//! A network of IP addresses.

use std::net::IpAddr;

/// The bits in front of an IPv4 address that is mapped to IPv6 (RFC 4291 section 2.5.5.2).
const MAPPED: u32 = 96;

/// A network, or a single address. An IPv4 network contains its addresses in both forms: as they are, and mapped to IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// The first address. IPv4 is mapped to IPv6.
    first: u128,
    /// The number of bits that all addresses share.
    prefix: u32,
}

impl Network {
    /// Parses `10.0.0.0/8`, `2001:db8::/32`, or an address, or returns what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address = parse_address(address)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(width), |digits| parse_prefix(digits, width))?;
        let network = Self {
            first: bits(address),
            prefix: prefix + (128 - width),
        };
        let is_all_of_ipv4 = network.prefix == MAPPED && address.to_canonical().is_ipv4();
        if network.prefix == 0 || is_all_of_ipv4 {
            return Err("it contains every address, so every client could claim to be any other".to_owned());
        }
        let first = network.first & (u128::MAX << (128 - network.prefix));
        if first != network.first {
            let first = IpAddr::from(first.to_be_bytes());
            let first = if address.is_ipv4() { first.to_canonical() } else { first };
            return Err(format!(
                "its address has bits behind the first {prefix}: write `{first}/{prefix}`, or `{address}` for this one"
            ));
        }
        Ok(network)
    }

    /// Returns `true` if the address is in this network.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // A large IPv6 network does not contain all of IPv4.
        (address.is_ipv6() || self.prefix >= MAPPED) && (bits(address) ^ self.first).leading_zeros() >= self.prefix
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn parse_address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| {
        let help = if text.starts_with('[') {
            "write the address without `[…]` and without a port"
        } else if text.trim() != text {
            "remove the whitespace around it"
        } else if text.matches(':').count() == 1 {
            "write the address without a port"
        } else {
            "write `10.1.2.3` or `2001:db8::1` for an address, `10.0.0.0/8` for a network; names are not resolved"
        };
        help.to_owned()
    })
}

fn parse_prefix(digits: &str, width: u32) -> Result<u32, String> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let prefix = digits.parse().ok().filter(|prefix| is_number && *prefix <= width);
    prefix.ok_or_else(|| format!("behind its `/` is not a number of bits from 1 to {width}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn network_contains_its_addresses_in_both_forms_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.1.2.3"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.6/31", "192.0.2.7", "192.0.2.8"),
            ("128.0.0.0/1", "255.255.255.255", "127.0.0.1"),
            ("::1", "::1", "::2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("fe80::/10", "febf::1", "fec0::1"),
            // IPv4 mapped to IPv6 begins with 80 zeros.
            ("::/8", "ff::1", "192.0.2.1"),
            ("::/8", "::1", "::ffff:192.0.2.1"),
        ] {
            assert!(contains(network, inside), "{inside} in {network}");
            assert!(!contains(network, outside), "{outside} in {network}");
        }
    }

    #[test]
    fn mistaken_network_is_an_error_that_names_the_fix() {
        for (text, help) in [
            ("", "write `10.1.2.3`"),
            ("proxy.internal", "names are not resolved"),
            ("10.0.0.256", "write `10.1.2.3`"),
            ("10.0.0", "write `10.1.2.3`"),
            ("10.0.0.1:80", "without a port"),
            ("[::1]", "without `[…]`"),
            (" 10.0.0.1", "whitespace"),
            ("10.0.0.0/33", "from 1 to 32"),
            ("10.0.0.0/", "from 1 to 32"),
            ("10.0.0.0/+8", "from 1 to 32"),
            ("10.0.0.0/8/8", "from 1 to 32"),
            ("::1/129", "from 1 to 128"),
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
            ("::ffff:0:0/96", "every address"),
            ("10.0.0.1/8", "write `10.0.0.0/8`, or `10.0.0.1`"),
            ("2001:db8::1/32", "write `2001:db8::/32`, or `2001:db8::1`"),
            ("::ffff:10.0.0.1/104", "write `::ffff:10.0.0.0/104`, or"),
        ] {
            let why = Network::parse(text).expect_err(text);
            assert!(why.contains(help), "{text}: {why}");
        }
    }
}
