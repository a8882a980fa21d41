//! The secret of the nodes: what they tell each other is authenticated by it.

use std::{fmt, time::Duration};

/// Number of bytes of a tag.
pub(super) const TAG: usize = blake3::OUT_LEN;

/// The bit of the version of an envelope with a tag, so that a node without a key does not take that for a part of it.
pub(super) const SEALED: u8 = 0x80;

/// What the secret is used for.
const CONTEXT: &str = "robyn-ws 2026 authentication of what nodes tell each other";

/// By how much the clocks of two nodes may differ, and how long an envelope may be on its way. What is older may have been
/// recorded, and published again.
const MAX_SKEW: Duration = Duration::from_secs(30);

/// The fewest bytes of a secret.
const MIN_SECRET: usize = 16;

/// What is wrong with a secret that has fewer.
pub(super) const SHORT_SECRET: &str = "a secret of `BackplaneKey` has fewer than 16 bytes: use a long, random one";

/// The secret that the nodes of an app share, for [`App::backplane_key`](crate::App::backplane_key).
///
/// With it, a node ignores what others publish on the same bus, what was changed on the way, and what is published again:
/// each envelope has a keyed BLAKE3 hash, a number, and a time, which may differ by 30 s from that of the receiver. Nothing is
/// encrypted: use a connection with TLS, and a bus whose users you trust to read.
///
/// ```
/// use robyn_ws::BackplaneKey;
///
/// let key = BackplaneKey::new("a long secret of this deployment").also_accepting("that of last month");
/// # drop(key);
/// ```
///
/// To change the secret while nodes run, let all of them accept the new one first, then use it, then stop accepting the old
/// one.
#[derive(Clone)]
pub struct BackplaneKey {
    current: [u8; 32],
    other: Option<[u8; 32]>,
    is_too_short: bool,
}

/// Why an envelope is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Untrusted {
    #[error(
        "its hash is not of `App::backplane_key`: all nodes need the same secret, and nobody else should publish here"
    )]
    Forged,
    #[error("it is not authenticated: all nodes and publishers need `App::backplane_key` or `Publisher::key`")]
    Open,
    #[error("its time differs by more than 30 s from that of this node: it was published again, or a clock is wrong")]
    Stale,
}

impl BackplaneKey {
    /// Creates a key from a secret of at least 16 bytes, which should be random.
    pub fn new(secret: impl AsRef<[u8]>) -> Self {
        let secret = secret.as_ref();
        Self {
            current: blake3::derive_key(CONTEXT, secret),
            other: None,
            is_too_short: secret.len() < MIN_SECRET,
        }
    }

    /// Accepts a second secret as well, while the nodes change theirs.
    #[must_use]
    pub fn also_accepting(mut self, secret: impl AsRef<[u8]>) -> Self {
        let other = Self::new(secret);
        self.other = Some(other.current);
        self.is_too_short |= other.is_too_short;
        self
    }

    /// Returns what is wrong with the secrets.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        self.is_too_short.then_some(SHORT_SECRET)
    }

    /// Marks an envelope as sealed, and adds the tag.
    pub(super) fn seal(&self, envelope: &mut Vec<u8>) {
        if let Some(version) = envelope.first_mut() {
            *version |= SEALED;
        }
        let tag = blake3::keyed_hash(&self.current, envelope);
        envelope.extend_from_slice(tag.as_bytes());
    }

    /// Returns the length of a sealed envelope without its tag, if the tag is right.
    pub(super) fn open(&self, sealed: &[u8]) -> Result<usize, Untrusted> {
        if sealed.first().is_none_or(|version| version & SEALED == 0) {
            return Err(Untrusted::Open);
        }
        let (envelope, tag) = sealed.split_last_chunk::<TAG>().ok_or(Untrusted::Forged)?;
        let tag = blake3::Hash::from_bytes(*tag);
        // Hashes are compared in constant time.
        let is_of = |key: &[u8; 32]| blake3::keyed_hash(key, envelope) == tag;
        if is_of(&self.current) || self.other.as_ref().is_some_and(is_of) {
            Ok(envelope.len())
        } else {
            Err(Untrusted::Forged)
        }
    }
}

/// Prints no secret.
impl fmt::Debug for BackplaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackplaneKey").finish_non_exhaustive()
    }
}

/// Fails if `sent_at` is too far from `now`.
pub(super) const fn check_time(sent_at: u64, now: u64) -> Result<(), Untrusted> {
    if sent_at.abs_diff(now) as u128 > MAX_SKEW.as_millis() {
        return Err(Untrusted::Stale);
    }
    Ok(())
}
