//! A straight decoder of DEFLATE (RFC 1951), bit by bit, after the example `puff` of zlib: the judge of compressed messages.

/// The end of a stream that its sender leaves out (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
/// A final block without content.
const LAST_BLOCK: [u8; 2] = [0x03, 0x00];
/// As many final blocks as a message may have.
const FINAL_BLOCKS: usize = 1024;

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    TooBig,
    Invalid,
}

/// Decompresses a message that stands alone, of at most `longest` bytes.
pub fn inflate(payload: &[u8], longest: usize) -> Result<Vec<u8>, Fault> {
    if payload.is_empty() {
        return Ok(Vec::new());
    }
    let mut decoder = Decoder {
        bytes: [payload, &TAIL, &LAST_BLOCK].concat(),
        at: 0,
        payload: payload.len() * 8,
        output: Vec::new(),
        start: 0,
        longest,
    };
    let mut final_blocks = 0;
    loop {
        if !decoder.block()? {
            continue;
        }
        decoder.at = decoder.at.next_multiple_of(8);
        if decoder.at > decoder.payload {
            let is_the_last = decoder.at == decoder.bytes.len() * 8;
            return is_the_last.then_some(decoder.output).ok_or(Fault::Invalid);
        }
        final_blocks += 1;
        if decoder.at == decoder.payload {
            return Ok(decoder.output);
        }
        if final_blocks == FINAL_BLOCKS {
            return Err(Fault::Invalid);
        }
        // Nothing refers to what came before a final block.
        decoder.start = decoder.output.len();
    }
}

struct Decoder {
    bytes: Vec<u8>,
    /// The next bit.
    at: usize,
    /// The end of the payload, in bits.
    payload: usize,
    output: Vec<u8>,
    /// Where the stream began in the output.
    start: usize,
    longest: usize,
}

/// The symbols of a code, sorted by length, and their number for each length.
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
    /// How many codes are left over: negative for too many.
    left: i32,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let mut left = 1_i32;
        for count in &counts[1..] {
            left = (left << 1) - i32::from(*count);
            if left < 0 {
                break;
            }
        }
        let is_empty = usize::from(counts[0]) == lengths.len();
        let mut symbols: Vec<u16> = (0..lengths.len())
            .filter(|symbol| lengths[*symbol] > 0)
            .map(|symbol| u16::try_from(symbol).expect("few symbols"))
            .collect();
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        let left = if is_empty { 0 } else { left };
        Self { counts, symbols, left }
    }

    /// A code may be incomplete if it is a single code of one bit.
    fn may_be_used(&self) -> bool {
        self.left == 0 || (self.left > 0 && self.symbols.len() == 1 && self.counts[1] == 1)
    }
}

impl Decoder {
    fn bits(&mut self, count: usize) -> Result<usize, Fault> {
        let mut value = 0;
        for bit in 0..count {
            let byte = self.bytes.get(self.at / 8).ok_or(Fault::Invalid)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Ok(value)
    }

    fn symbol(&mut self, code: &Code) -> Result<usize, Fault> {
        let (mut value, mut first, mut index) = (0, 0, 0);
        for count in &code.counts[1..] {
            let count = usize::from(*count);
            value |= self.bits(1)?;
            if value < first + count {
                return Ok(code.symbols[index + value - first].into());
            }
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        Err(Fault::Invalid)
    }

    fn put(&mut self, byte: u8) -> Result<(), Fault> {
        // The end that the sender leaves out has no content.
        if self.at > self.payload {
            return Err(Fault::Invalid);
        }
        if self.output.len() == self.longest {
            return Err(Fault::TooBig);
        }
        self.output.push(byte);
        Ok(())
    }

    /// Decodes a block. Returns `true` for a final one.
    fn block(&mut self) -> Result<bool, Fault> {
        let is_final = self.bits(1)? == 1;
        match self.bits(2)? {
            0 => self.stored()?,
            1 => {
                let lengths = (0..288).map(|symbol| match symbol {
                    144..256 => 9,
                    256..280 => 7,
                    _ => 8,
                });
                let lengths: Vec<u8> = lengths.collect();
                self.codes(&Code::new(&lengths), &Code::new(&[5; 30]))?;
            }
            2 => self.dynamic()?,
            _ => return Err(Fault::Invalid),
        }
        Ok(is_final)
    }

    fn stored(&mut self) -> Result<(), Fault> {
        self.at = self.at.next_multiple_of(8);
        let (length, complement) = (self.bits(16)?, self.bits(16)?);
        if length != !complement & 0xffff {
            return Err(Fault::Invalid);
        }
        for _ in 0..length {
            let byte = self.bits(8)?;
            self.put(u8::try_from(byte).expect("eight bits"))?;
        }
        Ok(())
    }

    fn dynamic(&mut self) -> Result<(), Fault> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances, number) = (self.bits(5)? + 257, self.bits(5)? + 1, self.bits(4)? + 4);
        if literals > 286 || distances > 30 {
            return Err(Fault::Invalid);
        }
        let mut lengths = [0; 19];
        for place in &ORDER[..number] {
            lengths[*place] = u8::try_from(self.bits(3)?).expect("three bits");
        }
        let code = Code::new(&lengths);
        if code.left != 0 || code.symbols.is_empty() {
            return Err(Fault::Invalid);
        }
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match self.symbol(&code)? {
                16 => (*lengths.last().ok_or(Fault::Invalid)?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (u8::try_from(length).expect("at most 15"), 1),
            };
            lengths.extend(std::iter::repeat_n(length, times));
        }
        if lengths.len() > literals + distances || lengths[256] == 0 {
            return Err(Fault::Invalid);
        }
        let (literal, distance) = (Code::new(&lengths[..literals]), Code::new(&lengths[literals..]));
        if !literal.may_be_used() || !distance.may_be_used() {
            return Err(Fault::Invalid);
        }
        self.codes(&literal, &distance)
    }

    fn codes(&mut self, literal: &Code, distance: &Code) -> Result<(), Fault> {
        const LENGTHS: [usize; 29] = [
            3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
            227, 258,
        ];
        const LENGTH_BITS: [usize; 29] = [
            0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
        ];
        const DISTANCES: [usize; 30] = [
            1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
            4097, 6145, 8193, 12289, 16385, 24577,
        ];
        loop {
            match self.symbol(literal)? {
                byte @ 0..256 => self.put(u8::try_from(byte).expect("a byte"))?,
                256 => return Ok(()),
                symbol => {
                    let place = symbol - 257;
                    let base = LENGTHS.get(place).ok_or(Fault::Invalid)?;
                    let length = base + self.bits(LENGTH_BITS[place])?;
                    let place = self.symbol(distance)?;
                    let back = DISTANCES[place] + self.bits((place / 2).saturating_sub(1))?;
                    if back > self.output.len() - self.start {
                        return Err(Fault::Invalid);
                    }
                    for _ in 0..length {
                        self.put(self.output[self.output.len() - back])?;
                    }
                }
            }
        }
    }
}
