//! The settings of compression, checked and narrowed as limits are.

use std::{
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::types::error::{Place, Problems};

/// The levels of zlib that compress.
const LEVELS: RangeInclusive<u8> = 1..=9;

/// The range of thresholds, in bytes. Compression saves nothing of a shorter message.
const THRESHOLDS: RangeInclusive<usize> = 128..=1 << 30;

/// The range of the number of contexts: of more, the memory would exceed that of any machine.
const CONTEXTS: RangeInclusive<usize> = 1..=1 << 20;

/// The compression of messages for clients that offer `permessage-deflate` (RFC 7692), as all browsers do. It needs the
/// cargo feature `deflate`, and [`App::compression`](crate::App::compression).
///
/// Typical JSON becomes a quarter as long. A message that does not become shorter is sent as it is.
///
/// Queued messages count against [`Limits::max_outbound_bytes`](crate::Limits::max_outbound_bytes) with their compressed
/// length. Messages of more than 256 KiB, and all messages of a dedicated context, are compressed when they are written,
/// and count with their plain length until then.
///
/// **Secrets**: an observer sees the length of a compressed message. If a message contains a secret and text that an
/// attacker chooses, the lengths of many messages reveal the secret (CRIME, BREACH). Send such a message with
/// [`Message::uncompressed`](crate::Message::uncompressed).
///
/// ```
/// use robyn_ws::{Compression, prelude::*};
///
/// static EXCHANGE: SubRouter = SubRouter::new("/exchange");
///
/// #[websocket("/feed", on = "message", router = EXCHANGE)]
/// fn feed(_msg: &str) {}
///
/// let app = App::new()
///     .compression(Compression::shared().threshold(512))
///     .include_router(EXCHANGE.compression(Compression::off()));
/// # drop(app);
/// ```
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is passed to `App::compression` or `SubRouter::compression`"]
pub struct Compression {
    contexts: Contexts,
    level: Option<u8>,
    threshold: Option<usize>,
}

/// The number of contexts, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Contexts {
    /// No message is compressed.
    Off,
    /// One for each thread.
    Shared,
    /// Also one for each connection, for at most so many.
    Dedicated(usize),
}

impl Compression {
    /// Compresses each message on its own, in both directions. All connections of a thread share its compressors, which take
    /// half a megabyte to one. A broadcast is compressed once for all recipients.
    pub const fn shared() -> Self {
        Self::new(Contexts::Shared)
    }

    /// Compresses each message with references to the messages before it (context takeover), in both directions, for at most
    /// `max_contexts` connections at once. Short messages that are similar become much shorter. Each of these connections
    /// takes about half a megabyte, and a broadcast is compressed for each of them. Messages of other connections are
    /// compressed as by [`Self::shared`]. `max_contexts` is 1 to 1,048,576.
    pub const fn dedicated(max_contexts: usize) -> Self {
        Self::new(Contexts::Dedicated(max_contexts))
    }

    /// Compresses no message. For a sub-router of an app that compresses.
    pub const fn off() -> Self {
        Self::new(Contexts::Off)
    }

    const fn new(contexts: Contexts) -> Self {
        Self {
            contexts,
            level: None,
            threshold: None,
        }
    }

    /// Sets the level, from 1, the fastest, to 9. Level 9 takes several times as long, and saves a little more. Default: 1
    /// with shared compressors, 3 with dedicated ones, or the level of the surrounding router.
    pub const fn level(mut self, level: u8) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets the length of the shortest messages that are compressed: 128 bytes to 1 GiB. Default: 256 bytes, or the threshold
    /// of the surrounding router.
    pub const fn threshold(mut self, bytes: usize) -> Self {
        self.threshold = Some(bytes);
        self
    }

    /// Reports every value that cannot work.
    fn check(&self, place: Place, problems: &mut Problems) {
        let mut report = |message: String| problems.report(place, None, message);
        if let Some(level) = self.level.filter(|level| !LEVELS.contains(level)) {
            report(format!(
                "`Compression::level` is {level}, which cannot work: expected 1 to 9"
            ));
        }
        if let Some(threshold) = self.threshold.filter(|threshold| !THRESHOLDS.contains(threshold)) {
            let (least, most) = (THRESHOLDS.start(), THRESHOLDS.end());
            report(format!(
                "`Compression::threshold` is {threshold}, which cannot work: expected {least} to {most} bytes"
            ));
        }
        if let Contexts::Dedicated(contexts) = self.contexts
            && !CONTEXTS.contains(&contexts)
        {
            let (least, most) = (CONTEXTS.start(), CONTEXTS.end());
            report(format!(
                "`Compression::dedicated({contexts})` cannot work: expected {least} to {most} contexts"
            ));
        }
    }

    fn name(&self) -> String {
        match self.contexts {
            Contexts::Off => "off".to_owned(),
            Contexts::Shared => "shared".to_owned(),
            Contexts::Dedicated(contexts) => format!("dedicated({contexts})"),
        }
    }
}

/// The compression of an endpoint that compresses.
#[derive(Clone, Debug)]
pub(crate) struct CompressionRules {
    pub(crate) level: u8,
    pub(crate) threshold: usize,
    contexts: Contexts,
    /// The counts of contexts that a connection with its own must fit into: those of its router and of the routers
    /// around it.
    limits: Vec<Arc<ContextLimit>>,
}

/// A bound of the number of contexts.
#[derive(Debug)]
struct ContextLimit {
    most: usize,
    live: AtomicUsize,
}

/// A place for the context of one connection, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct ContextPlace(Vec<Arc<ContextLimit>>);

impl CompressionRules {
    /// Resolves the compression of an app, which was set at `place`.
    pub(crate) fn of_app(compression: Option<&(Compression, Place)>, problems: &mut Problems) -> Option<Self> {
        let (compression, place) = compression?;
        compression.check(*place, problems);
        Self::within(None, compression)
    }

    /// Resolves the compression of a sub-router inside of `outer`, which it can narrow.
    pub(crate) fn of_router(
        outer: Option<&Self>,
        compression: Option<&(Compression, Place)>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let Some((compression, place)) = compression else {
            return outer.cloned();
        };
        compression.check(*place, problems);
        let around = outer.map_or(Contexts::Off, |outer| outer.contexts);
        if compression.contexts > around {
            let inner = compression.name();
            let message = if around == Contexts::Off {
                format!(
                    "the sub-router compresses ({inner}), and nothing around it does: call `App::compression`, with `Compression::off()` on the sub-routers that should not compress"
                )
            } else {
                let around = Compression::new(around).name();
                format!(
                    "the compression is {inner} on the sub-router, but {around} around it: a sub-router can only narrow it"
                )
            };
            problems.report(*place, None, message);
        }
        Self::within(outer, compression)
    }

    fn within(outer: Option<&Self>, inner: &Compression) -> Option<Self> {
        const THRESHOLD: usize = 256;
        let default_level = match inner.contexts {
            Contexts::Off => return None,
            Contexts::Shared => 1,
            Contexts::Dedicated(_) => 3,
        };
        let mut limits = Vec::new();
        if let Contexts::Dedicated(most) = inner.contexts {
            limits.extend(outer.iter().flat_map(|outer| outer.limits.iter().cloned()));
            limits.push(Arc::new(ContextLimit {
                most,
                live: AtomicUsize::new(0),
            }));
        }
        Some(Self {
            level: inner.level.or(outer.map(|outer| outer.level)).unwrap_or(default_level),
            threshold: inner
                .threshold
                .or(outer.map(|outer| outer.threshold))
                .unwrap_or(THRESHOLD),
            contexts: inner.contexts,
            limits,
        })
    }

    /// Takes a place for the context of a connection. Returns `None` if connections have none of their own here, or if
    /// all places are taken.
    pub(crate) fn take_place(&self) -> Option<ContextPlace> {
        if self.limits.is_empty() {
            return None;
        }
        let mut place = ContextPlace(Vec::with_capacity(self.limits.len()));
        for limit in &self.limits {
            let take = |live: usize| (live < limit.most).then_some(live + 1);
            // Dropped on failure, it gives back the places taken so far.
            limit
                .live
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                .ok()?;
            place.0.push(limit.clone());
        }
        Some(place)
    }
}

impl Drop for ContextPlace {
    fn drop(&mut self) {
        for limit in &self.0 {
            limit.live.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(app: Compression, router: Option<Compression>) -> (Option<CompressionRules>, Problems) {
        let (place, mut problems) = (
            Place {
                file: "main.rs",
                line: 1,
            },
            Problems::default(),
        );
        let app = CompressionRules::of_app(Some(&(app, place)), &mut problems);
        let router = router.map(|router| (router, place));
        let rules = CompressionRules::of_router(app.as_ref(), router.as_ref(), &mut problems);
        (rules, problems)
    }

    #[test]
    fn sub_router_inherits_unless_it_narrows() {
        let app = Compression::dedicated(10).level(5).threshold(1000);
        let (inherited, _) = resolve(app.clone(), None);
        let inherited = inherited.expect("the app compresses");
        assert_eq!((inherited.level, inherited.threshold), (5, 1000));
        let (narrowed, problems) = resolve(app.clone(), Some(Compression::shared().threshold(200)));
        assert!(problems.into_result().is_ok());
        let narrowed = narrowed.expect("the sub-router compresses");
        assert_eq!((narrowed.level, narrowed.threshold), (5, 200));
        assert!(narrowed.take_place().is_none());
        assert!(resolve(app, Some(Compression::off())).0.is_none());
    }

    #[test]
    fn contexts_are_bounded_by_every_router_around() {
        let (rules, _) = resolve(Compression::dedicated(3), Some(Compression::dedicated(2)));
        let rules = rules.expect("the sub-router compresses");
        let (one, two) = (rules.take_place(), rules.take_place());
        assert!(one.is_some() && two.is_some() && rules.take_place().is_none());
        drop(one);
        assert!(rules.take_place().is_some());
        let live = |limit: &Arc<ContextLimit>| limit.live.load(Ordering::Relaxed);
        assert_eq!(rules.limits.iter().map(live).collect::<Vec<_>>(), [1, 1]);
    }
}
