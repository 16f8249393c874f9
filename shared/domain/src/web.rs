//! Addresses on the web that people type, and which of them may be called.
//!
//! [`target`] looks at the text alone, so a flow's checker can ask it. Where a name leads only shows when
//! it is resolved: whoever connects then asks [`is_public`] of the very address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most characters of an address.
pub const MAX_URL: usize = 2_000;

/// Where requests to an address go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'u> {
    /// The host as it was typed: a name, an IPv4 address, or an IPv6 address in brackets.
    pub host: &'u str,
    /// The port; 443 where none was typed.
    pub port: u16,
}

/// Why an address is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// It is too long; how long.
    #[error("an address of {0} characters; at most {MAX_URL}")]
    TooLong(usize),
    /// Its scheme is another.
    #[error("an address that does not begin with `https://`")]
    NotHttps,
    /// An address cannot hold this as it is (RFC 3986, section 2).
    #[error("{0:?} in an address; percent-encode it")]
    Character(char),
    /// It holds `user:password@`, which would be sent to whoever answers.
    #[error("a user or a password in an address; leave them out")]
    Credentials,
    /// It holds a `#…`, which is never sent.
    #[error("a fragment (`#…`) in an address; leave it out")]
    Fragment,
    /// This is not a host.
    #[error("“{0}” is not the name of a host, such as `hooks.example.com`")]
    Host(String),
    /// This host cannot be on the public internet.
    #[error("“{0}” is not on the public internet")]
    Inside(String),
    /// Ports below 1024 belong to other services.
    #[error("port “{0}” is neither 443 nor one from 1024 to 65535")]
    Port(String),
}

/// Where a typed address leads.
///
/// # Errors
/// [`BadUrl`] unless it is `https://`, a host that can be on the public internet, perhaps a port, a path
/// and a query.
pub fn target(url: &str) -> Result<Target<'_>, BadUrl> {
    let length = url.chars().count();
    if length > MAX_URL {
        return Err(BadUrl::TooLong(length));
    }
    let rest = url.strip_prefix("https://").ok_or(BadUrl::NotHttps)?;
    if let Some(stray) = rest.chars().find(|c| !may_stand(*c)) {
        return Err(BadUrl::Character(stray));
    }
    if rest.contains('#') {
        return Err(BadUrl::Fragment);
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(BadUrl::Credentials);
    }
    // The colons of an IPv6 address are inside its brackets.
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    check_host(host)?;
    Ok(Target { host, port: port.map_or(Ok(443), checked_port)? })
}

/// The characters of RFC 3986, section 2, without the brackets' other places: those are in a host alone.
fn may_stand(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

fn checked_port(text: &str) -> Result<u16, BadUrl> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && (*port == 443 || *port >= 1024));
    port.ok_or_else(|| BadUrl::Port(text.to_owned()))
}

/// The last labels of names that only the inside knows: RFC 6761, RFC 6762 (appendix G), RFC 7686,
/// RFC 8375, and ICANN's `internal`.
const INSIDE: &[&str] = &[
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "arpa",
    "onion",
];

fn check_host(host: &str) -> Result<(), BadUrl> {
    let (bad, inside) = (|| BadUrl::Host(host.to_owned()), || BadUrl::Inside(host.to_owned()));
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address: Ipv6Addr = address.parse().map_err(|_| bad())?;
        return if is_public(address.into()) { Ok(()) } else { Err(inside()) };
    }
    let labels: Vec<&str> = host.split('.').collect();
    if host.len() > 253 || !labels.iter().all(|label| is_label(label)) {
        return Err(bad());
    }
    let last = labels.last().copied().unwrap_or_default().to_ascii_lowercase();
    // Resolvers take `127.1`, `0x7f000001` and `2130706433` for addresses, so only the plain form passes.
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        let address: Ipv4Addr = host.parse().map_err(|_| bad())?;
        return if is_public(address.into()) { Ok(()) } else { Err(inside()) };
    }
    if labels.len() < 2 || INSIDE.contains(&last.as_str()) { Err(inside()) } else { Ok(()) }
}

fn is_label(label: &str) -> bool {
    let of_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&label.len())
        && label.bytes().all(of_label)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

const fn v6(a: u16, b: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)
}

/// What is not public: IANA's special-purpose registry of IPv4, multicast, and what clouds hide.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32)] = &[
    (v4(0, 0, 0, 0), 8),        // this network; 0.0.0.0 reaches the machine itself
    (v4(10, 0, 0, 0), 8),       // private
    (v4(100, 64, 0, 0), 10),    // shared by a carrier's customers; metadata of one cloud
    (v4(127, 0, 0, 0), 8),      // loopback
    (v4(168, 63, 129, 16), 32), // the host of a machine in Azure
    (v4(169, 254, 0, 0), 16),   // link-local; metadata of most clouds
    (v4(172, 16, 0, 0), 12),    // private
    (v4(192, 0, 0, 0), 24),     // protocol assignments; metadata of one cloud
    (v4(192, 0, 2, 0), 24),     // documentation
    (v4(192, 88, 99, 0), 24),   // 6to4 relays
    (v4(192, 168, 0, 0), 16),   // private
    (v4(198, 18, 0, 0), 15),    // benchmarking
    (v4(198, 51, 100, 0), 24),  // documentation
    (v4(203, 0, 113, 0), 24),   // documentation
    (v4(224, 0, 0, 0), 4),      // multicast
    (v4(240, 0, 0, 0), 4),      // reserved, and broadcast
];

/// All that is handed out for unicast (IANA's IPv6 address space registry). Outside of it are loopback,
/// IPv4 inside IPv6, unique local, link-local and multicast addresses.
const UNICAST_V6: (Ipv6Addr, u32) = (v6(0x2000, 0), 3);

/// What is not public within it.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32)] = &[
    (v6(0x2001, 0), 23),     // protocol assignments: Teredo, benchmarking, ORCHID
    (v6(0x2001, 0xdb8), 32), // documentation
    (v6(0x2002, 0), 16),     // 6to4, which wraps IPv4
    (v6(0x3fff, 0), 20),     // documentation
];

/// The well-known prefix of NAT64 (RFC 6052): IPv4 as a network that has only IPv6 sees it.
const NAT64: (Ipv6Addr, u32) = (v6(0x64, 0xff9b), 96);

/// Whether an address is one of the public internet's, of one machine.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let within =
                |(net, bits): &(Ipv4Addr, u32)| (address.to_bits() ^ net.to_bits()).leading_zeros() >= *bits;
            !NOT_PUBLIC_V4.iter().any(within)
        }
        IpAddr::V6(address) => {
            let within =
                |(net, bits): &(Ipv6Addr, u32)| (address.to_bits() ^ net.to_bits()).leading_zeros() >= *bits;
            if within(&NAT64) {
                let [.., a, b, c, d] = address.octets();
                return is_public(v4(a, b, c, d).into());
            }
            within(&UNICAST_V6) && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}
