//! One of the pipes that come from `virsh`, read as it fills.

use std::io::Read;

use memchr::memmem;

/// What is kept of an answer, and where it has been searched for its end.
pub(super) struct Stream<R> {
    pipe: R,
    bytes: Vec<u8>,
    /// Before this there is no whole marker.
    searched: usize,
    /// More than this is not kept.
    limit: usize,
    is_over: bool,
    pub(super) is_closed: bool,
}

/// An answer, or what was kept of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// There was more than was kept.
    pub(super) is_over: bool,
}

/// What is read at once.
const CHUNK: usize = 64 << 10;

impl<R: Read> Stream<R> {
    pub(super) fn new(pipe: R) -> Self {
        let (bytes, limit) = (Vec::new(), usize::MAX);
        Self { pipe, bytes, searched: 0, limit, is_over: false, is_closed: false }
    }

    pub(super) fn pipe(&self) -> &R {
        &self.pipe
    }

    /// Begins to listen for another answer, of which no more than `limit` bytes are kept.
    pub(super) fn expect(&mut self, limit: usize) {
        self.limit = limit;
        self.is_over = false;
        self.searched = 0;
    }

    /// Reads what is there, once; for a pipe that is ready.
    pub(super) fn fill(&mut self, chunk: &mut Vec<u8>) -> std::io::Result<()> {
        chunk.resize(CHUNK, 0);
        let read = match self.pipe.read(chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        };
        self.is_closed = read == 0;
        self.bytes.extend_from_slice(&chunk[..read]);
        Ok(())
    }

    /// The answer, once `end` has come; what follows it stays for the next.
    pub(super) fn take_until(&mut self, end: &[u8]) -> Option<Answer> {
        if let Some(at) = memmem::find(&self.bytes[self.searched..], end) {
            let at = self.searched + at;
            let rest = self.bytes.split_off(at + end.len());
            let mut bytes = std::mem::replace(&mut self.bytes, rest);
            bytes.truncate(at);
            self.searched = 0;
            let is_over = std::mem::take(&mut self.is_over) || bytes.len() > self.limit;
            return Some(Answer { bytes, is_over });
        }
        // The end may stand across this reading and the next.
        self.searched = self.bytes.len().saturating_sub(end.len() - 1);
        if self.bytes.len() > self.limit {
            self.is_over = true;
            self.bytes.drain(..self.searched);
            self.searched = 0;
        }
        None
    }

    /// All that has come and was not taken.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Keeps no more than the first and last of what was not taken, `limit` bytes in all.
    pub(super) fn cut(&mut self, limit: usize) {
        let surplus = self.bytes.len().saturating_sub(limit);
        if surplus > 0 {
            self.bytes.drain(limit / 2..limit / 2 + surplus);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that gives a few bytes at a time.
    struct Drops<'b>(&'b [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    fn answers(text: &[u8], drop: usize, limit: usize, end: &[u8]) -> Vec<Answer> {
        let mut stream = Stream::new(Drops(text, drop));
        let mut found = Vec::new();
        stream.expect(limit);
        let mut chunk = Vec::new();
        while !stream.is_closed {
            stream.fill(&mut chunk).unwrap();
            while let Some(answer) = stream.take_until(end) {
                found.push(answer);
                stream.expect(limit);
            }
        }
        found
    }

    #[test]
    fn an_answer_ends_at_its_marker_however_it_comes_in() {
        for drop in [1, 2, 3, 7, 1000] {
            let found = answers(b"one<END>two<EN<END>rest", drop, 100, b"<END>");
            let texts: Vec<&[u8]> = found.iter().map(|answer| &answer.bytes[..]).collect();
            assert_eq!(texts, [&b"one"[..], b"two<EN"], "{drop}");
            assert!(found.iter().all(|answer| !answer.is_over));
        }
    }

    #[test]
    fn an_endless_answer_is_not_kept() {
        let text = [&vec![b'x'; 100_000][..], b"<END>next<END>"].concat();
        for drop in [1, 13, 5000] {
            let found = answers(&text, drop, 50, b"<END>");
            assert_eq!(found.len(), 2, "{drop}");
            assert!(found[0].is_over && found[0].bytes.len() <= 5000 + 50);
            assert_eq!(found[1], Answer { bytes: b"next".to_vec(), is_over: false });
        }
    }
}
