//! Certificates for tests, made by the `openssl` command that comes with Debian's PostgreSQL.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

const NEW_KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

/// What `openssl ca` needs to be told to sign with dates of one's own.
const CA: &str = "\
[ca]
default_ca = here
[here]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = any
x509_extensions = extensions
[any]
commonName = supplied
[extensions]
subjectAltName = DNS:localhost
basicConstraints = critical,CA:TRUE
";

/// A folder of keys (`name.key`) and certificates (`name.crt`).
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub fn new() -> Self {
        Certificates { folder: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// A certificate that signs itself, as `openssl req -x509` makes it: an authority, and a server's at once.
    pub fn self_signed(self, name: &str, alternative: &str) -> Self {
        self.openssl(&format!(
            "req -x509 {NEW_KEY} -subj /CN={name} -addext subjectAltName={alternative} -days 3650 -keyout {name}.key -out {name}.crt"
        ));
        self
    }

    /// The like for localhost, of a day long past.
    pub fn outdated(self, name: &str) -> Self {
        for (file, text) in [("index.txt", ""), ("serial", "01\n"), ("ca.cnf", CA)] {
            std::fs::write(self.path(file), text).unwrap();
        }
        self.openssl(&format!("req -new {NEW_KEY} -subj /CN=localhost -keyout {name}.key -out {name}.csr"));
        let dates = "-startdate 20200101000000Z -enddate 20200102000000Z";
        let files = format!("-keyfile {name}.key -in {name}.csr -out {name}.crt");
        self.openssl(&format!("ca -batch -selfsign -notext -config ca.cnf {dates} {files}"));
        self
    }

    /// A certificate that `authority` signed, for the names of `alternative`.
    pub fn signed(self, name: &str, authority: &str, common_name: &str, alternative: &str) -> Self {
        let extensions = format!("subjectAltName={alternative}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(self.path("extensions"), extensions).unwrap();
        self.openssl(&format!("req -new {NEW_KEY} -subj /CN={common_name} -keyout {name}.key -out {name}.csr"));
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {authority}.crt -CAkey {authority}.key -set_serial 7 -days 3650 -extfile extensions \
             -out {name}.crt"
        ));
        self
    }

    fn openssl(&self, args: &str) {
        let mut command = Command::new("openssl");
        command.args(args.split_whitespace()).current_dir(self.folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "openssl {args}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
