//! Where in a project file something stands, kept small enough to hang on every node.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Place;

/// A text file of the project, read once and shared by everything that points into it.
#[derive(Debug, PartialEq, Eq)]
pub struct TextFile {
    /// As the user should read it: relative to the project directory where the file is inside it.
    pub path: PathBuf,
    pub text: String,
}

impl TextFile {
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(TextFile { path: path.into(), text: text.into() })
    }
}

/// A place in a [`TextFile`]: line and column count from one, columns and length count characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Spot {
    file: Arc<TextFile>,
    line: u32,
    column: u32,
    length: u32,
}

impl Spot {
    pub fn new(file: &Arc<TextFile>, line: usize, column: usize, length: usize) -> Self {
        let small = |number: usize| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
        Spot { file: Arc::clone(file), line: small(line), column: small(column), length: small(length) }
    }

    /// The first character of the file.
    pub fn start_of(file: &Arc<TextFile>) -> Self {
        Spot::new(file, 1, 1, 1)
    }

    /// The same place as `place`, whose text is that of `file`.
    pub fn of_place(file: &Arc<TextFile>, place: &Place) -> Self {
        Spot::new(file, place.line, place.column, place.length)
    }

    pub fn path(&self) -> &Path {
        &self.file.path
    }

    pub fn file(&self) -> &Arc<TextFile> {
        &self.file
    }

    pub fn line(&self) -> usize {
        self.line as usize
    }

    pub fn column(&self) -> usize {
        self.column as usize
    }

    /// The place with its line's text, for a diagnostic.
    pub fn place(&self) -> Place {
        Place::of_line(&self.file.path, &self.file.text, self.line as usize, self.column as usize, self.length as usize)
    }
}

impl fmt::Debug for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.path.display(), self.line, self.column)
    }
}
