//! Parser events → values.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Marks, Tag};

use super::{Data, Key, Scalar, Span, Yaml};
use crate::diagnostic::Diagnostic;
use crate::project::TextFile;

/// Deeper nesting than this is an error rather than a risk for the stack.
const MAX_DEPTH: usize = 64;

/// More values than this, those behind aliases counted each time, are an error rather than a risk for the memory.
const MAX_VALUES: usize = 1_000_000;

const QUOTE_HINT: &str = "put a value that starts with Jinja in quotes: \"{{ … }}\"";

/// Reads the one document of `file`; None when it holds nothing.
pub fn parse(file: &Arc<TextFile>) -> Result<Option<Yaml>, Vec<Diagnostic>> {
    let mut builder =
        Builder { file, open: Vec::new(), anchors: HashMap::new(), values: 0, root: None, errors: Vec::new() };
    let mut parser = Parser::new_from_str(&file.text);
    loop {
        let stop = match parser.next_event() {
            None => break,
            Some(Err(error)) => Err(builder.scan_error(&error)),
            Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, marks))) => builder.take(event, marks),
        };
        if let Err(error) = stop {
            builder.errors.push(error);
            break;
        }
    }
    if builder.errors.is_empty() { Ok(builder.root) } else { Err(builder.errors) }
}

/// A list or mapping whose end is not read yet.
struct Open {
    anchor: usize,
    span: Span,
    items: Items,
    /// How many values it holds so far, itself and all within it.
    size: usize,
}

enum Items {
    List(Vec<Yaml>),
    Map { entries: Vec<(Key, Yaml)>, key: Option<Key>, merged: Vec<Yaml> },
}

struct Builder<'f> {
    file: &'f Arc<TextFile>,
    open: Vec<Open>,
    /// Anchored values with the number of values they hold.
    anchors: HashMap<usize, (Yaml, usize)>,
    values: usize,
    root: Option<Yaml>,
    errors: Vec<Diagnostic>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, marks: Marks) -> Result<(), Diagnostic> {
        let span = span_of(marks);
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(self.at(span, "more than one YAML document in a file").hint("remove the line `---` between them"))
            }
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some((value, size)) => self.add(Yaml { span, ..value }, size, 0),
                None => Err(self.at(span, "this alias has no complete anchor before it")),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let scalar = self.scalar(text.into_owned(), style, tag.as_deref(), span);
                self.add(Yaml { span, data: Data::Scalar(scalar) }, 1, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", span);
                self.open(anchor, span, Items::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", span);
                self.open(anchor, span, Items::Map { entries: Vec::new(), key: None, merged: Vec::new() })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn at(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(message).at(span.spot(self.file).place())
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Scalar {
        let plain = Scalar::plain(text.as_str());
        match tag {
            None if style == ScalarStyle::Plain => plain,
            None => Scalar::text(text),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Scalar::text(text),
            Some(tag) if tag.is_yaml_core_schema() && ["int", "float", "bool", "null"].contains(&&*tag.suffix) => plain,
            Some(tag) => {
                self.errors.push(self.at(span, format!("unknown YAML tag '{}{}'", tag.handle, tag.suffix)));
                plain
            }
        }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == expected)
        {
            self.errors.push(self.at(span, format!("unknown YAML tag '{}{}'", tag.handle, tag.suffix)));
        }
    }

    fn open(&mut self, anchor: usize, span: Span, items: Items) -> Result<(), Diagnostic> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.at(span, format!("YAML nested more than {MAX_DEPTH} levels deep")));
        }
        self.open.push(Open { anchor, span, items, size: 1 });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Diagnostic> {
        let Some(Open { anchor, mut span, items, size }) = self.open.pop() else { return Ok(()) };
        let data = match items {
            Items::List(items) => Data::List(items),
            Items::Map { mut entries, merged, .. } => {
                if let Some((first, _)) = entries.first()
                    && (first.span.line, first.span.column) == (span.line, span.column)
                {
                    span = first.span;
                }
                self.check_duplicates(&entries);
                self.merge(&mut entries, merged);
                Data::Map(entries)
            }
        };
        self.add(Yaml { span, data }, size, anchor)
    }

    fn check_duplicates(&mut self, entries: &[(Key, Yaml)]) {
        let mut seen = HashMap::with_capacity(entries.len());
        for (key, _) in entries {
            if let Some(first) = seen.insert(key.text.as_str(), key.span.line) {
                let error = self.at(key.span, format!("the key '{}' stands here twice", key.text));
                self.errors.push(error.hint(format!("it is first given in line {first}; keep one of the two")));
            }
        }
    }

    /// Adds what `<<` brings: a key of the mapping itself wins, then the first of the merged ones.
    fn merge(&mut self, entries: &mut Vec<(Key, Yaml)>, merged: Vec<Yaml>) {
        if merged.is_empty() {
            return;
        }
        let mut known: HashSet<String> = entries.iter().map(|(key, _)| key.text.clone()).collect();
        let maps = merged.into_iter().flat_map(|value| match value.data {
            Data::List(items) => items,
            data => vec![Yaml { span: value.span, data }],
        });
        for map in maps {
            let kind = map.kind();
            match map.data {
                Data::Map(more) => entries.extend(more.into_iter().filter(|(key, _)| known.insert(key.text.clone()))),
                _ => self.errors.push(self.at(map.span, format!("'<<' merges mappings, and this is {kind}"))),
            }
        }
    }

    fn add(&mut self, value: Yaml, size: usize, anchor: usize) -> Result<(), Diagnostic> {
        self.values += size;
        if self.values > MAX_VALUES {
            return Err(self.at(value.span, format!("more than {MAX_VALUES} values once the aliases are written out")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), size));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        parent.size += size;
        match &mut parent.items {
            Items::List(items) => items.push(value),
            Items::Map { entries, key, merged } => match key.take() {
                None => *key = Some(key_of(self.file, value)?),
                Some(key) if key.text == "<<" => merged.push(value),
                Some(key) => entries.push((key, value)),
            },
        }
        Ok(())
    }

    fn scan_error(&self, error: &ScanError) -> Diagnostic {
        let marker = error.marker();
        let span = Span { line: marker.line().max(1), column: marker.col() + 1, length: 1 };
        let diagnostic = self.at(span, format!("this is not YAML: {}", error.info()));
        // The parser notices some mistakes only on the next line.
        let near = self.file.text.lines().skip(span.line.saturating_sub(2)).take(2);
        let mut indents = near.map(|line| &line[..line.len() - line.trim_start().len()]);
        if indents.any(|indent| indent.contains('\t')) {
            return diagnostic.hint("indent with spaces: YAML does not allow tabs there");
        }
        if diagnostic.place.as_ref().is_some_and(|place| place.excerpt.contains("{{") || place.excerpt.contains("{%")) {
            return diagnostic.hint(QUOTE_HINT);
        }
        diagnostic
    }
}

fn key_of(file: &Arc<TextFile>, value: Yaml) -> Result<Key, Diagnostic> {
    match value.data {
        Data::Scalar(scalar) => Ok(Key { text: scalar.text, span: value.span }),
        _ => {
            let error = Diagnostic::new(format!("a key must be a name, and this is {}", value.kind()));
            Err(error.at(value.span.spot(file).place()).hint(QUOTE_HINT))
        }
    }
}

fn span_of(marks: Marks) -> Span {
    let (start, end) = (marks.start, marks.end);
    let length = if start.line() == end.line() { end.col().saturating_sub(start.col()) } else { 1 };
    Span { line: start.line().max(1), column: start.col() + 1, length: length.max(1) }
}
