//! A whole file: opened, then scanned by all threads and given out in order.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rayon::{Scope, ThreadPoolBuilder};

use super::blocks::{PlainBlocks, Reading, Spares, StreamBlocks};
use super::cut::{Block, Cutter, Piece, TooLong};
use super::error::CsvError;
use super::field::FieldReader;
use super::header::{Head, read_head};
use super::options::{CsvOptions, Dialect, Pace};
use super::parse::{Chunk, ParseError, Parsed, Plan, parse};
use crate::load::columns::Binding;
use crate::load::input::{Body, Fingerprint, Input, read_error};

/// A CSV file whose header has been read.
pub struct CsvFile {
    input: Input,
    options: CsvOptions,
    dialect: Dialect,
    head: Head,
}

/// What a scan came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanSummary {
    pub rows: u64,
    pub rejects: u64,
    pub blank_lines: u64,
    /// How many lines the file has, the header's included.
    pub lines: u64,
    /// How many values of each column a cleaning could not read: they are NULL.
    pub unreadable: Vec<u64>,
    /// Of the file as it stands on disk.
    pub fingerprint: Fingerprint,
}

impl CsvFile {
    /// Opens the file at `path`, decompresses it if need be, and reads its header.
    ///
    /// # Errors
    /// A file that cannot be opened, is empty, or whose first record cannot be read.
    pub fn open(path: &Path, options: CsvOptions) -> Result<Self, CsvError> {
        let dialect = options.dialect().map_err(|source| CsvError::Options { path: path.to_path_buf(), source })?;
        let mut input = Input::open(path)?;
        let head = read_head(&mut input, &options, dialect)?;
        Ok(CsvFile { input, options, dialect, head })
    }

    /// The names of the fields, as the header has them.
    pub fn header(&self) -> &[String] {
        &self.head.names
    }

    /// Reads all records and gives them to `sink` in file order, on the calling thread. The other threads keep ahead of
    /// it by the blocks in flight and no more, however slow it is.
    ///
    /// # Errors
    /// What `sink` returns, at once; and a [`CsvError`], before which some of the records were given to `sink`. A record
    /// of the wrong form is not an error but a reject.
    pub fn scan<E: From<CsvError>>(
        self,
        binding: Binding,
        pace: &Pace,
        sink: impl FnMut(Chunk) -> Result<(), E>,
    ) -> Result<ScanSummary, E> {
        let CsvFile { input: Input { path, body }, options, dialect, mut head } = self;
        if binding.header() != head.names {
            return Err(CsvError::OtherHeader { path }.into());
        }
        let pool = ThreadPoolBuilder::new().num_threads(pace.threads.get()).build();
        let pool = pool.map_err(|error| CsvError::Threads { path: path.clone(), source: error.into() })?;
        let null_strings = options.null_strings.into_iter().map(String::into_bytes).collect();
        let reader = FieldReader { quote: dialect.quote, null_strings };
        let plan = Plan { dialect, reader, binding, batch_rows: pace.batch_rows.get() };
        let (ahead, limit) = pace.reading_and_parsing();
        let spares = Spares::default();
        let reading = Reading { block_bytes: pace.block_bytes(), ahead, dialect, spares: &spares };
        let delivery = Delivery::new(&path, &plan, &head, sink);
        match body {
            Body::Plain(file) => pool.in_place_scope(|scope| {
                let mut blocks = PlainBlocks::new(&file, &head.bytes[..head.length], reading);
                let mut parsing = Parsing::new(scope, &plan, &spares, limit, delivery);
                parsing.run(|| blocks.next(scope))?;
                Ok(parsing.delivery.summary(blocks.finish()))
            }),
            Body::Stream(stream) => thread::scope(|threads| {
                let stream = stream.unread(head.bytes.split_off(head.length));
                let mut blocks = StreamBlocks::new(stream, reading, threads);
                pool.in_place_scope(|scope| {
                    let mut parsing = Parsing::new(scope, &plan, &spares, limit, delivery);
                    parsing.run(|| blocks.next().map(Ok))?;
                    let fingerprint = blocks.finish().map_err(|source| CsvError::from(read_error(&path, source)))?;
                    Ok(parsing.delivery.summary(fingerprint))
                })
            }),
        }
    }
}

/// The pieces of a file on their way from the cutter to the sink.
struct Parsing<'s, 'scope, S> {
    scope: &'s Scope<'scope>,
    plan: &'scope Plan,
    spares: &'scope Spares,
    /// In file order; at most `limit`.
    begun: VecDeque<Receiver<Result<Parsed, ParseError>>>,
    limit: usize,
    delivery: Delivery<'scope, S>,
}

impl<'s, 'scope, S> Parsing<'s, 'scope, S> {
    fn new(
        scope: &'s Scope<'scope>,
        plan: &'scope Plan,
        spares: &'scope Spares,
        limit: usize,
        delivery: Delivery<'scope, S>,
    ) -> Self {
        Parsing { scope, plan, spares, begun: VecDeque::new(), limit, delivery }
    }

    /// Takes all blocks of the file through the line.
    fn run<E: From<CsvError>>(&mut self, mut next: impl FnMut() -> Option<io::Result<Block>>) -> Result<(), E>
    where
        S: FnMut(Chunk) -> Result<(), E>,
    {
        let mut cutter = Cutter::new(self.plan.dialect);
        let ended = loop {
            match next() {
                None => break Ok(()),
                Some(Err(source)) => break Err(Ended::Unread(source)),
                Some(Ok(block)) => match cutter.push(block) {
                    Ok(Some(piece)) => self.begin(piece)?,
                    Ok(None) => {}
                    Err(TooLong) => break Err(Ended::TooLong),
                },
            }
        };
        if let Some(piece) = cutter.finish().filter(|_| ended.is_ok()) {
            self.begin(piece)?;
        }
        while let Some(oldest) = self.begun.pop_front() {
            self.delivery.deliver(&oldest)?;
        }
        // What lies before an error has been delivered, so that the lines are known by now.
        ended.map_err(|ended| self.delivery.error(ended).into())
    }

    /// Has a piece parsed by the next free thread, once there is room for it.
    fn begin<E: From<CsvError>>(&mut self, piece: Piece) -> Result<(), E>
    where
        S: FnMut(Chunk) -> Result<(), E>,
    {
        if self.begun.len() >= self.limit
            && let Some(oldest) = self.begun.pop_front()
        {
            self.delivery.deliver(&oldest)?;
        }
        let (plan, spares) = (self.plan, self.spares);
        let (sender, receiver) = sync_channel(1);
        self.scope.spawn(move |_| {
            let parsed = parse(piece.bytes(), plan);
            spares.give_back(piece.into_buffer());
            // The receiver is gone when the scan has ended early; nobody wants the rows then.
            let _ = sender.send(parsed);
        });
        self.begun.push_back(receiver);
        Ok(())
    }
}

/// Why the blocks of a file ended before the file.
enum Ended {
    Unread(io::Error),
    /// The record after all that were delivered is longer than records may be.
    TooLong,
}

/// Gives chunks to the sink, with the lines of the file, and counts them.
struct Delivery<'a, S> {
    path: &'a Path,
    plan: &'a Plan,
    sink: S,
    rows: u64,
    rejects: u64,
    blank_lines: u64,
    /// How many lines were before the next chunk.
    lines: u64,
    unreadable: Vec<u64>,
}

impl<'a, S> Delivery<'a, S> {
    fn new(path: &'a Path, plan: &'a Plan, head: &Head, sink: S) -> Self {
        let unreadable = vec![0; plan.binding.columns.len()];
        let (lines, blank_lines) = (head.lines as u64, head.blank_lines as u64);
        Delivery { path, plan, sink, rows: 0, rejects: 0, blank_lines, lines, unreadable }
    }

    fn deliver<E: From<CsvError>>(&mut self, parsed: &Receiver<Result<Parsed, ParseError>>) -> Result<(), E>
    where
        S: FnMut(Chunk) -> Result<(), E>,
    {
        let parsed = parsed.recv().map_err(|_| CsvError::ThreadLost { path: self.path.to_path_buf() })?;
        let parsed = parsed.map_err(|error| match error {
            ParseError::TooLong { line } => self.too_long(line),
            ParseError::Arrow(source) => CsvError::Arrow { path: self.path.to_path_buf(), source },
        })?;
        for mut chunk in parsed.chunks {
            chunk.move_lines(self.lines + 1);
            self.rows += chunk.batch.num_rows() as u64;
            self.rejects += chunk.rejects.len() as u64;
            for (sum, count) in self.unreadable.iter_mut().zip(&chunk.unreadable) {
                *sum += count;
            }
            (self.sink)(chunk)?;
        }
        self.lines += parsed.lines;
        self.blank_lines += parsed.blank_lines;
        Ok(())
    }

    fn error(&self, ended: Ended) -> CsvError {
        match ended {
            Ended::Unread(source) => read_error(self.path, source).into(),
            Ended::TooLong => self.too_long(0),
        }
    }

    /// `line` counts from zero, after the lines delivered.
    fn too_long(&self, line: u64) -> CsvError {
        let (path, limit) = (self.path.to_path_buf(), self.plan.dialect.max_record);
        CsvError::RecordTooLong { path, line: self.lines + line + 1, limit }
    }

    fn summary(&mut self, fingerprint: Fingerprint) -> ScanSummary {
        let unreadable = std::mem::take(&mut self.unreadable);
        let Delivery { rows, rejects, blank_lines, lines, .. } = *self;
        ScanSummary { rows, rejects, blank_lines, lines, unreadable, fingerprint }
    }
}
