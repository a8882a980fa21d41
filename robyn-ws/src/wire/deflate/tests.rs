//! Messages that are compressed, and decompressed again.

use zlib_rs::{Deflate, DeflateFlush, Status};

use crate::wire::deflate::{
    Inflation,
    compressor::{Compressor, Parameters, compress},
};

const PARAMETERS: Parameters = Parameters { level: 1, window: 15 };

/// Returns a text that compresses well, and not to nothing.
fn json(length: usize) -> Vec<u8> {
    let objects = (0_u64..).flat_map(|id| format!("{{\"id\":{id},\"price\":{}}},", id * 31 % 1009).into_bytes());
    objects.take(length).collect()
}

/// Returns bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn inflated(compressed: &[u8]) -> Vec<u8> {
    let inflated = Inflation::default().inflate(compressed, usize::MAX);
    inflated.expect("a valid stream")
}

#[test]
fn message_comes_back_at_every_level_and_window() {
    for level in [1, 2, 3, 6, 9] {
        for window in 9..=15 {
            for length in [128, 1000, 40_000] {
                let message = json(length);
                let compressed = compress(Parameters { level, window }, &message, <[u8]>::to_vec);
                let compressed = compressed.expect("the text compresses");
                assert!(compressed.len() < length);
                assert_eq!(
                    inflated(&compressed),
                    message,
                    "level {level}, window {window}, {length} bytes"
                );
            }
        }
    }
}

#[test]
fn message_that_does_not_compress_is_left_as_it_is() {
    for length in [128, 5000, 300_000] {
        assert_eq!(
            compress(PARAMETERS, &noise(length), <[u8]>::to_vec),
            None,
            "{length} bytes"
        );
    }
    let message = json(1000);
    let after = compress(PARAMETERS, &message, <[u8]>::to_vec).expect("the text compresses");
    assert_eq!(inflated(&after), message);
}

#[test]
fn compressor_of_the_thread_takes_nothing_from_one_message_into_the_next() {
    let message = json(2000);
    let first = compress(PARAMETERS, &message, <[u8]>::to_vec);
    compress(PARAMETERS, &noise(100_000), <[u8]>::to_vec);
    compress(
        PARAMETERS,
        b"something else, something else, something else",
        <[u8]>::to_vec,
    );
    assert_eq!(compress(PARAMETERS, &message, <[u8]>::to_vec), first);
}

#[test]
fn kept_context_makes_a_repeated_message_shorter() {
    let (mut compressor, mut inflater) = (Compressor::new(PARAMETERS), Inflation::with_context());
    let message = json(2000);
    let mut sizes = Vec::new();
    for _ in 0..3 {
        let compressed = compressor
            .compress(&message, <[u8]>::to_vec)
            .expect("the text compresses");
        sizes.push(compressed.len());
        let back = inflater.inflate(&compressed, usize::MAX);
        assert_eq!(back.expect("a valid stream"), message);
    }
    assert!(sizes[1] * 4 < sizes[0] && sizes[2] * 4 < sizes[0], "{sizes:?}");
}

#[test]
fn context_stays_valid_when_a_message_between_is_sent_as_it_is() {
    let (mut compressor, mut inflater) = (Compressor::new(PARAMETERS), Inflation::with_context());
    for message in [json(2000), noise(2000), json(2000), noise(70_000), json(3000)] {
        if let Some(compressed) = compressor.compress(&message, <[u8]>::to_vec) {
            let back = inflater.inflate(&compressed, usize::MAX);
            assert_eq!(back.expect("a valid stream"), message);
        }
    }
}

/// zlib-rs 0.6.8 panicked, after some messages, in a compressor that was reset before it was drained.
#[test]
fn compressor_that_is_not_drained_is_not_used_again() {
    let message = noise(200_000);
    let mut compressor = Compressor::new(PARAMETERS);
    for _ in 0..100 {
        let mut deflate = Deflate::new(1, false, 15);
        let mut small = [0; 64];
        let status = deflate.compress(&message, &mut small, DeflateFlush::SyncFlush);
        assert_eq!(status, Ok(Status::Ok), "output is left in the compressor");
        compressor.deflate = Some(deflate);
        let compressed = compressor.compress(&json(500_000), <[u8]>::len);
        assert!(compressed.is_none_or(|size| size > 0));
        compressor.forget();
    }
    for _ in 0..1000 {
        compress(PARAMETERS, &message, <[u8]>::len);
        let text = json(3000);
        let compressed = compress(PARAMETERS, &text, <[u8]>::to_vec).expect("the text compresses");
        assert_eq!(inflated(&compressed), text);
    }
}
