use harkara_domain::web::{BadUrl, Target, is_public, target};

#[test]
fn an_address_leads_to_its_host_and_port() {
    for (url, host, port) in [
        ("https://hooks.example.com", "hooks.example.com", 443),
        ("https://hooks.example.com:8443/a/b?c=d&e=%20", "hooks.example.com", 8443),
        ("https://hooks.example.com:443", "hooks.example.com", 443),
        ("https://Hooks.Example.COM?x=@1:2", "Hooks.Example.COM", 443),
        ("https://a_b.xn--mgba3gch31f.pk/", "a_b.xn--mgba3gch31f.pk", 443),
        ("https://local.example.com/#".trim_end_matches('#'), "local.example.com", 443),
        ("https://1.2.example.com/", "1.2.example.com", 443),
        ("https://8.8.8.8:1024/hook", "8.8.8.8", 1024),
        ("https://[2606:4700::1111]:65535/", "[2606:4700::1111]", 65535),
        ("https://[2606:4700::1111]", "[2606:4700::1111]", 443),
    ] {
        assert_eq!(target(url), Ok(Target { host, port }), "{url}");
    }
}

#[test]
fn what_is_no_address_of_the_public_web_says_why() {
    let host = |host: &str| BadUrl::Host(host.into());
    let inside = |host: &str| BadUrl::Inside(host.into());
    let port = |port: &str| BadUrl::Port(port.into());
    for (url, why) in [
        ("", BadUrl::NotHttps),
        ("http://hooks.example.com", BadUrl::NotHttps),
        ("HTTPS://hooks.example.com", BadUrl::NotHttps),
        ("//hooks.example.com", BadUrl::NotHttps),
        ("file:///etc/passwd", BadUrl::NotHttps),
        (" https://hooks.example.com", BadUrl::NotHttps),
        ("https://hooks.example.com/a b", BadUrl::Character(' ')),
        ("https://hooks.example.com/a\r\nx: y", BadUrl::Character('\r')),
        ("https://hooks.example.com\\@10.0.0.1", BadUrl::Character('\\')),
        ("https://hooks.example.com/{id}", BadUrl::Character('{')),
        ("https://دکان.example/", BadUrl::Character('د')),
        ("https://user:pass@hooks.example.com", BadUrl::Credentials),
        ("https://hooks.example.com@10.0.0.1/", BadUrl::Credentials),
        ("https://hooks.example.com/#part", BadUrl::Fragment),
        ("https://hooks.example.com#@10.0.0.1", BadUrl::Fragment),
        ("https://", host("")),
        ("https:///path", host("")),
        ("https://a..com", host("a..com")),
        ("https://example.com.", host("example.com.")),
        ("https://-a.com", host("-a.com")),
        ("https://a-.com", host("a-.com")),
        ("https://a%2ecom", host("a%2ecom")),
        ("https://127.1", host("127.1")),
        ("https://2130706433", host("2130706433")),
        ("https://0x7f000001", host("0x7f000001")),
        ("https://0177.0.0.1", host("0177.0.0.1")),
        ("https://1.2.3.4.5", host("1.2.3.4.5")),
        ("https://[::1", host("[:")),
        ("https://[v1.a]", host("[v1.a]")),
        ("https://[fe80::1%25eth0]", host("[fe80::1%25eth0]")),
        ("https://localhost", inside("localhost")),
        ("https://LOCALHOST:8080", inside("LOCALHOST")),
        ("https://redis", inside("redis")),
        ("https://db.Internal", inside("db.Internal")),
        ("https://api.default.svc.cluster.local", inside("api.default.svc.cluster.local")),
        ("https://router.home.arpa", inside("router.home.arpa")),
        ("https://169.254.169.254/latest/meta-data", inside("169.254.169.254")),
        ("https://[::1]:8443", inside("[::1]")),
        ("https://[::ffff:127.0.0.1]", inside("[::ffff:127.0.0.1]")),
        ("https://example.com:", port("")),
        ("https://example.com:0", port("0")),
        ("https://example.com:22", port("22")),
        ("https://example.com:1023", port("1023")),
        ("https://example.com:65536", port("65536")),
        ("https://example.com:+8443", port("+8443")),
        ("https://example.com:a", port("a")),
    ] {
        assert_eq!(target(url), Err(why), "{url}");
    }
    let long = |characters: usize| format!("https://example.com/{}", "a".repeat(characters - 20));
    assert!(target(&long(2_000)).is_ok());
    assert_eq!(target(&long(2_001)), Err(BadUrl::TooLong(2_001)));
    let name = |labels: usize| format!("https://{}com", "aa.".repeat(labels));
    assert!(target(&name(83)).is_ok() && target(&name(84)).is_err());
    assert!(target(&format!("https://{}.com", "a".repeat(63))).is_ok());
    assert!(target(&format!("https://{}.com", "a".repeat(64))).is_err());
}

/// Both ends of each block, and what is just outside of it.
#[test]
#[allow(clippy::too_many_lines)] // a table
fn only_public_unicast_addresses_are_public() {
    for inside in [
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.192",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.88.99.0",
        "192.88.99.255",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.0",
        "198.51.100.255",
        "203.0.113.0",
        "203.0.113.255",
        "224.0.0.0",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        // Unspecified, loopback, IPv4 mapped, compatible and translated, also of public addresses.
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:10.0.0.1",
        // NAT64 of what is not public, and its local prefix.
        "64:ff9b::a00:1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b::1:808:808",
        // Discard, Teredo, benchmarking, ORCHID, documentation, 6to4, segment routing.
        "100::1",
        "2001::1",
        "2001:0:a00:1::",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff:ffff::",
        "2001:db8::1",
        "2001:db8:ffff::1",
        "2002::1",
        "2002:a00:1::1",
        "2002:808:808::1",
        "2002:ffff::1",
        "3fff::1",
        "3fff:fff::1",
        "5f00::1",
        // Unique local, link-local, the old site-local, multicast.
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ffff::1",
        // What nobody has been given yet.
        "4000::1",
        "1fff:ffff::1",
        "8000::",
    ] {
        assert!(!is_public(inside.parse().unwrap()), "{inside}");
    }
    for public in [
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "64:ff9b::8.8.8.8",
        "2000::1",
        "2001:200::1",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2001:4860:4860::8888",
        "2003::1",
        "2606:4700::1111",
        "3ffe::1",
        "3fff:1000::1",
        "2a00:1450:4001::1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
}
