//! The blocks of a file in order, read ahead of their use.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Scope as ThreadScope, ScopedJoinHandle};

use rayon::Scope;

use super::cut::{Block, HEADROOM, scout};
use super::options::Dialect;
use crate::load::input::{Fingerprint, PlainFile, Stream, Tally};

/// What no quote or carriage return stands in, for the first block of a file.
const LINE_START: u8 = b'\n';

/// Buffers that were used and can be used again.
#[derive(Default)]
pub(super) struct Spares(Mutex<Vec<Vec<u8>>>);

impl Spares {
    /// A buffer with room for a block of `length` bytes.
    fn take(&self, length: usize) -> Vec<u8> {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffer = spare.unwrap_or_default();
        buffer.resize(HEADROOM + length, 0);
        buffer
    }

    pub fn give_back(&self, buffer: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

/// How blocks are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub block_bytes: usize,
    /// How many blocks are read ahead.
    pub ahead: usize,
    pub dialect: Dialect,
    pub spares: &'a Spares,
}

/// The reading thread ended without a result.
#[derive(Debug, thiserror::Error)]
#[error("a thread ended without a result")]
pub(super) struct Lost;

/// The blocks of a plain file: each read and looked over by a task of its own.
pub(super) struct PlainBlocks<'a> {
    file: &'a PlainFile,
    reading: Reading<'a>,
    /// Where the records start, and the first block not yet asked for.
    start: u64,
    next: u64,
    asked: VecDeque<Receiver<io::Result<Block>>>,
    tally: Tally,
}

impl<'a> PlainBlocks<'a> {
    /// The blocks after `head`, the first bytes of the file.
    pub fn new(file: &'a PlainFile, head: &[u8], reading: Reading<'a>) -> Self {
        let mut tally = Tally::default();
        tally.update(head);
        let start = head.len() as u64;
        PlainBlocks { file, reading, start, next: start, asked: VecDeque::new(), tally }
    }

    /// The next block, and the tasks for some that follow.
    pub fn next<'scope>(&mut self, scope: &Scope<'scope>) -> Option<io::Result<Block>>
    where
        'a: 'scope,
    {
        while self.asked.len() < self.reading.ahead && self.next < self.file.length {
            let (file, reading, first, offset) = (self.file, self.reading, self.next == self.start, self.next);
            let (sender, receiver) = sync_channel(1);
            scope.spawn(move |_| {
                // The receiver is gone when the scan has ended early; nobody wants the block then.
                let _ = sender.send(read_block(file, offset, first, reading));
            });
            self.asked.push_back(receiver);
            self.next = self.file.length.min(offset + reading.block_bytes as u64);
        }
        let block = self.asked.pop_front()?.recv().unwrap_or_else(|_| Err(io::Error::other(Lost)));
        if let Ok(block) = &block {
            self.tally.update(block.bytes());
        }
        Some(block)
    }

    /// The fingerprint of the file, once all blocks have been given.
    pub fn finish(self) -> Fingerprint {
        self.tally.fingerprint()
    }
}

fn read_block(file: &PlainFile, offset: u64, first: bool, reading: Reading<'_>) -> io::Result<Block> {
    let length = usize::try_from(file.length - offset).unwrap_or(usize::MAX).min(reading.block_bytes);
    let mut buffer = reading.spares.take(length);
    if first {
        buffer[HEADROOM - 1] = LINE_START;
        file.read_at(&mut buffer[HEADROOM..], offset)?;
    } else {
        file.read_at(&mut buffer[HEADROOM - 1..], offset - 1)?;
    }
    Ok(look_over(buffer, reading.dialect))
}

/// Makes a buffer that holds a block, and before it the byte before it, that block.
fn look_over(buffer: Vec<u8>, dialect: Dialect) -> Block {
    let scout = scout(&buffer[HEADROOM..], buffer[HEADROOM - 1], dialect);
    Block { buffer, scout }
}

/// The blocks of a stream: decoded one after the other by a thread of their own.
pub(super) struct StreamBlocks<'scope> {
    blocks: Receiver<Block>,
    thread: ScopedJoinHandle<'scope, io::Result<Fingerprint>>,
}

impl<'scope> StreamBlocks<'scope> {
    pub fn new<'env: 'scope>(stream: Stream, reading: Reading<'env>, scope: &'scope ThreadScope<'scope, 'env>) -> Self {
        let (sender, blocks) = sync_channel(reading.ahead);
        let thread = scope.spawn(move || decode(stream, reading, &sender));
        StreamBlocks { blocks, thread }
    }

    /// The next block; none at the end, and when the reading failed: [`StreamBlocks::finish`] tells.
    pub fn next(&mut self) -> Option<Block> {
        self.blocks.recv().ok()
    }

    /// The fingerprint of the file, once all blocks have been given.
    pub fn finish(self) -> io::Result<Fingerprint> {
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other(Lost)))
    }
}

fn decode(mut stream: Stream, reading: Reading<'_>, blocks: &SyncSender<Block>) -> io::Result<Fingerprint> {
    let mut before = LINE_START;
    loop {
        let mut buffer = reading.spares.take(reading.block_bytes);
        buffer[HEADROOM - 1] = before;
        let filled = stream.fill(&mut buffer[HEADROOM..])?;
        if filled == 0 {
            return stream.finish();
        }
        buffer.truncate(HEADROOM + filled);
        before = buffer[HEADROOM + filled - 1];
        if blocks.send(look_over(buffer, reading.dialect)).is_err() {
            // The scan has ended early, for a reason of its own.
            return Err(io::Error::other(Lost));
        }
    }
}
