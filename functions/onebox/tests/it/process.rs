//! The program as a process, and the demo store for it to work on.

use harkara_onebox::store_file::StoreFile;
use serde_json::Value;
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harkara"));
    command.env_remove("HARKARA_KEY");
    command
}

/// Runs it in a folder, to its end.
pub(crate) fn ran(arguments: &[&str], folder: &Path) -> Ran {
    let output = command().args(arguments).current_dir(folder).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder with the demo store in `data`, and its file, `shop.json`.
pub(crate) fn demo() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let demo = StoreFile::demo("https://shop.test").unwrap();
    fs::write(dir.path().join("shop.json"), serde_json::to_vec(&demo).unwrap()).unwrap();
    let put = ran(&["store", "put", "shop.json", "--data", "data"], dir.path());
    assert_eq!((put.code, put.err.as_str()), (0, ""), "{}", put.out);
    dir
}

/// A server that ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = command()
            .args(["serve", "--quiet", "--listen", &address.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, url: format!("http://{address}") };
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "the server does not come up");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
