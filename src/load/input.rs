//! A source file as bytes: plain, gzip or zstd, told apart by their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use xxhash_rust::xxh3::Xxh3;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const DECODER_BUFFER: usize = 256 * 1024;

/// Why a source file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("the file {} does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("{} is a directory, not a file", path.display())]
    Directory { path: PathBuf },
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("the file {} is empty: it has no header", path.display())]
    Empty { path: PathBuf },
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the file {} became shorter while it was read", path.display())]
    Shrank { path: PathBuf },
}

/// What a file holds, whatever its name: the XXH3 128-bit hash of its bytes as they stand on disk (what
/// `xxhsum -H2` prints) and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    pub hash: u128,
    pub bytes: u64,
}

/// An opened file of at least one byte.
pub(crate) struct Input {
    pub path: PathBuf,
    pub body: Body,
}

/// How the bytes of a file can be had.
pub(crate) enum Body {
    /// At any position, by several threads at once. What is appended after the opening is not read.
    Plain(PlainFile),
    /// One after the other: compressed files, pipes.
    Stream(Stream),
}

impl Input {
    /// Opens `path` and finds out how it is to be read.
    ///
    /// # Errors
    /// [`InputError`]: each way of not being a readable file of some bytes is told apart.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let path = path.to_path_buf();
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(InputError::Missing { path }),
            Err(source) => return Err(InputError::Open { path, source }),
        };
        let metadata = match file.metadata() {
            Ok(metadata) if metadata.is_dir() => return Err(InputError::Directory { path }),
            Ok(metadata) => metadata,
            Err(source) => return Err(InputError::Open { path, source }),
        };
        let mut magic = Vec::with_capacity(ZSTD_MAGIC.len());
        if let Err(source) = (&mut file).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut magic) {
            return Err(InputError::Read { path, source });
        }
        if magic.is_empty() {
            return Err(InputError::Empty { path });
        }
        let compressed = magic.starts_with(GZIP_MAGIC) || magic.starts_with(ZSTD_MAGIC);
        let body = if metadata.is_file() && !compressed {
            Body::Plain(PlainFile { file, length: metadata.len() })
        } else {
            Body::Stream(Stream::new(magic, file).map_err(|source| InputError::Read { path: path.clone(), source })?)
        };
        Ok(Input { path, body })
    }

    pub fn read_error(&self, source: io::Error) -> InputError {
        read_error(&self.path, source)
    }
}

/// An I/O error of reading `path`, told apart from the file having become shorter.
pub(crate) fn read_error(path: &Path, source: io::Error) -> InputError {
    let path = path.to_path_buf();
    match source.kind() {
        io::ErrorKind::UnexpectedEof if source.get_ref().is_some_and(|inner| inner.is::<Shrunk>()) => {
            InputError::Shrank { path }
        }
        _ => InputError::Read { path, source },
    }
}

/// Marks the end of a plain file that came before the length it had when it was opened.
#[derive(Debug, thiserror::Error)]
#[error("the file became shorter while it was read")]
struct Shrunk;

/// A regular file that is not compressed.
pub(crate) struct PlainFile {
    file: File,
    pub length: u64,
}

impl PlainFile {
    /// Fills `buffer` with the bytes from `offset` on; the range must lie within `length`.
    pub fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match read_some_at(&self.file, buffer, offset) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, Shrunk)),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_some_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}

/// Decoded bytes in file order, and the fingerprint of the encoded ones that have gone by.
pub(crate) struct Stream {
    decoder: Box<dyn Read + Send>,
    encoded: Tallied<Box<dyn Read + Send>>,
}

impl Stream {
    fn new(magic: Vec<u8>, rest: impl Read + Send + 'static) -> io::Result<Self> {
        let gzip = magic.starts_with(GZIP_MAGIC);
        let zstd = magic.starts_with(ZSTD_MAGIC);
        let encoded = Tallied::new(Box::new(io::Cursor::new(magic).chain(rest)) as Box<dyn Read + Send>);
        let buffered = BufReader::with_capacity(DECODER_BUFFER, encoded.clone());
        let decoder: Box<dyn Read + Send> = if gzip {
            Box::new(flate2::bufread::MultiGzDecoder::new(buffered))
        } else if zstd {
            Box::new(zstd::Decoder::with_buffer(buffered)?)
        } else {
            Box::new(buffered)
        };
        Ok(Stream { decoder, encoded })
    }

    /// Puts `bytes`, which were read before, in front of what is to come.
    pub fn unread(self, bytes: Vec<u8>) -> Self {
        Stream { decoder: Box::new(io::Cursor::new(bytes).chain(self.decoder)), encoded: self.encoded }
    }

    /// Fills `buffer` as far as the bytes last, and says how far that is.
    pub fn fill(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.decoder.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// The fingerprint of the whole file: bytes that the decoder left over are read here.
    pub fn finish(mut self) -> io::Result<Fingerprint> {
        io::copy(&mut self.encoded, &mut io::sink())?;
        Ok(self.encoded.fingerprint())
    }
}

/// A reader, shared by its clones, that hashes and counts what goes through it.
struct Tallied<R>(Arc<Mutex<(R, Tally)>>);

impl<R> Tallied<R> {
    fn new(reader: R) -> Self {
        Tallied(Arc::new(Mutex::new((reader, Tally::default()))))
    }

    fn fingerprint(&self) -> Fingerprint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.fingerprint()
    }
}

impl<R> Clone for Tallied<R> {
    fn clone(&self) -> Self {
        Tallied(Arc::clone(&self.0))
    }
}

impl<R: Read> Read for Tallied<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (reader, tally) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = reader.read(buffer)?;
        tally.update(&buffer[..read]);
        Ok(read)
    }
}

/// A [`Fingerprint`] in the making.
#[derive(Default)]
pub(crate) struct Tally {
    hash: Xxh3,
    bytes: u64,
}

impl Tally {
    pub fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint { hash: self.hash.digest128(), bytes: self.bytes }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(path: &Path) -> io::Result<(Vec<u8>, Fingerprint)> {
        match Input::open(path).unwrap().body {
            Body::Plain(plain) => {
                let mut bytes = vec![0; usize::try_from(plain.length).unwrap()];
                plain.read_at(&mut bytes, 0)?;
                let mut tally = Tally::default();
                tally.update(&bytes);
                Ok((bytes, tally.fingerprint()))
            }
            Body::Stream(mut stream) => {
                let mut bytes = vec![0; 1 << 20];
                let filled = stream.fill(&mut bytes)?;
                bytes.truncate(filled);
                Ok((bytes, stream.finish()?))
            }
        }
    }

    #[test]
    fn what_is_no_readable_file_is_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let shown = |path: &Path| Input::open(path).err().unwrap().to_string();
        assert!(shown(&directory.path().join("no.csv")).ends_with("no.csv does not exist"));
        assert!(shown(directory.path()).ends_with("is a directory, not a file"));
        assert!(shown(file(b"").path()).ends_with("is empty: it has no header"));
        let name_too_long = directory.path().join("n".repeat(5000));
        assert!(shown(&name_too_long).starts_with("cannot open "));
    }

    #[test]
    fn compressed_files_are_known_by_their_first_bytes() {
        let text = b"a,b\n1,2\n".repeat(1000);
        let mut two_members = gzip(&text[..5]);
        two_members.extend(gzip(&text[5..]));
        let zstd = zstd::encode_all(text.as_slice(), 1).unwrap();
        for stored in [text.clone(), gzip(&text), two_members, zstd] {
            let (bytes, fingerprint) = read(file(&stored).path()).unwrap();
            assert_eq!(bytes, text);
            let hash = xxhash_rust::xxh3::xxh3_128(&stored);
            assert_eq!(fingerprint, Fingerprint { hash, bytes: stored.len() as u64 });
        }
    }

    #[test]
    fn a_cut_off_compressed_file_is_an_error() {
        let text: Vec<u8> = (0..100_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        for stored in [gzip(&text), zstd::encode_all(text.as_slice(), 1).unwrap()] {
            assert!(read(file(&stored[..stored.len() / 2]).path()).is_err());
        }
    }

    #[test]
    fn bytes_that_were_read_before_come_again() {
        let stored = file(&gzip(b"abcdef"));
        let Body::Stream(mut stream) = Input::open(stored.path()).unwrap().body else { panic!("not a stream") };
        let mut buffer = [0; 4];
        assert_eq!(stream.fill(&mut buffer).unwrap(), 4);
        let mut stream = stream.unread(buffer[2..].to_vec());
        let mut rest = [0; 10];
        assert_eq!(stream.fill(&mut rest).unwrap(), 4);
        assert_eq!(&rest[..4], b"cdef");
    }

    #[test]
    fn a_file_that_became_shorter_is_told_apart() {
        let stored = file(b"abcdef");
        let input = Input::open(stored.path()).unwrap();
        stored.as_file().set_len(3).unwrap();
        let Body::Plain(plain) = &input.body else { panic!("not plain") };
        let error = plain.read_at(&mut [0; 6], 0).unwrap_err();
        assert!(matches!(input.read_error(error), InputError::Shrank { .. }));
    }
}
