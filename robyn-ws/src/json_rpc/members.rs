//! The members of an object of JSON-RPC.

use crate::json_rpc::scanner::Scanner;

/// The members of an object that have a meaning, each of them as JSON.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    pub(super) is_object: bool,
    pub(super) has_duplicates: bool,
    pub(super) version: Option<&'a str>,
    pub(super) method: Option<&'a str>,
    pub(super) params: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    pub(super) result: Option<&'a str>,
    pub(super) error: Option<&'a str>,
}

impl<'a> Members<'a> {
    /// Scans a text. JSON that is not an object has no members. Returns `None` if the text is not JSON.
    pub(super) fn scan(text: &'a str) -> Option<Self> {
        let mut scanner = Scanner::new(text);
        let mut members = Self::default();
        if scanner.skip(b'{') {
            members.is_object = true;
            members.scan_object(&mut scanner)?;
        } else {
            scanner.value()?;
        }
        scanner.end().map(|()| members)
    }

    /// Scans an object, of which the first brace is skipped already.
    fn scan_object(&mut self, scanner: &mut Scanner<'a>) -> Option<()> {
        if scanner.skip(b'}') {
            return Some(());
        }
        loop {
            let (name, value) = (scanner.name()?, scanner.value()?);
            if let Some(member) = self.member(&name) {
                let is_duplicate = member.replace(value).is_some();
                self.has_duplicates |= is_duplicate;
            }
            if !scanner.skip(b',') {
                return scanner.skip(b'}').then_some(());
            }
        }
    }

    fn member(&mut self, name: &[u8]) -> Option<&mut Option<&'a str>> {
        match name {
            b"jsonrpc" => Some(&mut self.version),
            b"method" => Some(&mut self.method),
            b"params" => Some(&mut self.params),
            b"id" => Some(&mut self.id),
            b"result" => Some(&mut self.result),
            b"error" => Some(&mut self.error),
            _ => None,
        }
    }
}
